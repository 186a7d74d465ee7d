package smstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Operations returns the names of everything that the server serves, for Fail
// and RequestsFor.
func Operations() []string {
	return []string{
		ShowCertKey, ShowPassphrase,
		CreateToken, CreateTokenByAgency, ListDomains, CreateTemporaryKey, ExchangeIDToken, DecodeAuthorizationMessage,
		CreateMetadataToken, ShowSecurityKey, ShowPodIdentity,
	}
}

// Actions returns the names of everything that Deny can deny.
func Actions() []string { return []string{ActionGetCert, ActionGetTaskPassphrase, ActionDecode} }

// misuse stops a test that asks for what there is not: it would pass for a
// reason that is not the one it names.
func misuse(format string, args ...any) { panic("smstest: " + fmt.Sprintf(format, args...)) }

func checkOperation(name string) {
	if name != "" && !slices.Contains(Operations(), name) {
		misuse("there is no operation %q: the names are %s", name, strings.Join(Operations(), ", "))
	}
}

func checkAction(name string) {
	if !slices.Contains(Actions(), name) {
		misuse("there is no action %q: the names are %s", name, strings.Join(Actions(), ", "))
	}
}

func checkFunc(name string, isNil bool) {
	if isNil {
		misuse("%s was given nil", name)
	}
}

func checkStatus(name string, status int) {
	if status != http.StatusSwitchingProtocols && status < 200 || status > 999 {
		misuse("%s wants a status of 101 or 200 to 999, not %d", name, status)
	}
}

func checkSize(name string, size int64) {
	if size < 0 {
		misuse("%s wants a size of 0 or more, not %d", name, size)
	}
}

// checkKind refuses a value that is none of the constants of its type.
func checkKind[T ~int](name string, value, last T) {
	if value < 0 || value > last {
		misuse("%s: there is no kind %d", name, int(value))
	}
}

func checkService(service Service) {
	if service != SMS && service != IAM && service != Metadata {
		misuse("there is no service %q: they are SMS, IAM and Metadata", service)
	}
}

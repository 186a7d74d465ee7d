package sms

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"example.com/huaweicloud/sms/internal/profile"
)

const credentialsFile = "HUAWEICLOUD_SDK_CREDENTIALS_FILE" //nolint:gosec // the name of a variable

// fromProfile reads the credentials file of the SDKs. One that is named has to be
// there and to hold credentials; the default one need not.
func (e environment) fromProfile() (found, error) {
	name, named := e.lookup(credentialsFile), true
	if name == "" {
		home := e.home()
		if home == "" {
			return found{looked: credentialsFile + " (and there is no home folder for a profile)"}, nil
		}
		name, named = filepath.Join(home, ".huaweicloud", "credentials"), false
	}
	f := found{source: "the profile " + name}
	text, err := readSmallFile(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return found{looked: credentialsFile + " and the profile " + name + " (there is none)"}, nil
	}
	if err != nil {
		return f, fmt.Errorf("sms: %w: %w", ErrInvalidArgument, err)
	}
	sections, err := profile.Parse(text)
	if err != nil {
		return f, fmt.Errorf("sms: %w: %w", ErrInvalidArgument, err)
	}
	for _, section := range []string{"global", "basic"} {
		if entries := sections[section]; holdsCredentials(entries) {
			f.source += ", section [" + section + "]"
			f.signer, err = e.fromSection(entries)
			return f, err
		}
	}
	if named {
		return f, invalidArgument("neither [global] nor [basic] holds ak and sk, or idp_id and id_token_file")
	}
	return found{looked: f.source + " (no credentials in [global] or [basic])"}, nil
}

func holdsCredentials(section map[string]string) bool {
	for _, key := range []string{"ak", "sk", "security_token", "idp_id", "id_token_file"} {
		if section[key] != "" {
			return true
		}
	}
	return false
}

// fromSection makes the signer of one section: what the section names comes
// before what the variables name.
func (e environment) fromSection(entries map[string]string) (Signer, error) {
	options := e.iamOptions(entries["iam_endpoint"])
	domainID := cmp.Or(entries["domain_id"], e.domainID())
	if holdsCredentials(map[string]string{"ak": entries["ak"], "sk": entries["sk"], "security_token": entries["security_token"]}) {
		if err := wantKeys(entries, "ak", "sk"); err != nil {
			return nil, err
		}
		return StaticAccessKey(AccessKey{
			ID: entries["ak"], Secret: NewSecret(entries["sk"]), SecurityToken: NewSecret(entries["security_token"]), DomainID: domainID,
		}, options...), nil
	}
	if err := wantKeys(entries, "idp_id", "id_token_file"); err != nil {
		return nil, err
	}
	return FederatedToken(FederatedConfig{
		Provider: entries["idp_id"], IDToken: IDTokenFile(entries["id_token_file"]), DomainID: domainID,
	}, options...), nil
}

func wantKeys(entries map[string]string, keys ...string) error {
	for _, key := range keys {
		if entries[key] == "" {
			return invalidArgument("the section has no " + key)
		}
	}
	return nil
}

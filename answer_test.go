package sms_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

func TestShowCertKeyReturnsEveryFieldAsItCame(t *testing.T) {
	t.Parallel()
	client := mockClient(t, respond(http.StatusOK, `{"future":{"a":[1]},"ca":"  -----BEGIN\r\n","cert":"C\n","private_key":"K é",`+
		`"target_mgmt_cert":"MC","target_mgmt_private_key":"MK","target_data_cert":"DC","target_data_private_key":"DK"}`))
	got, err := client.ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	want := &sms.CertKey{
		Cert: "C\n", PrivateKey: sms.NewSecret("K é"), CA: "  -----BEGIN\r\n",
		TargetMgmtCert: "MC", TargetMgmtPrivateKey: sms.NewSecret("MK"),
		TargetDataCert: "DC", TargetDataPrivateKey: sms.NewSecret("DK"),
	}
	assert.True(t, want.Equal(got))
}

func TestTheFieldsThatOldTasksLackMayBeAbsentNullOrEmpty(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"cert":"C","private_key":"K"}`,
		`{"cert":"C","private_key":"K","ca":null,"target_mgmt_cert":null,"target_mgmt_private_key":null,"target_data_cert":null,"target_data_private_key":null}`,
		`{"cert":"C","private_key":"K","ca":"","target_mgmt_cert":"","target_mgmt_private_key":"","error_code":""}`,
	} {
		got, err := mockClient(t, respond(http.StatusOK, body)).ShowCertKey(t.Context(), taskID)
		require.NoError(t, err, body)
		assert.True(t, got.Equal(&sms.CertKey{Cert: "C", PrivateKey: sms.NewSecret("K")}))
	}
}

func TestThePassphraseIsByteExact(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"passphrase":""}`: "",
		`{"task_id":"` + strings.ToUpper(taskID) + `","passphrase":"  tab\tand\nline \u0000 "}`: "  tab\tand\nline \x00 ",
		`{"task_id":"","passphrase":"é\ud83d\ude00"}`:                                           "é😀",
		`{"task_id":null,"passphrase":"[REDACTED]"}`:                                            "[REDACTED]",
	} {
		got, err := mockClient(t, respond(http.StatusOK, body, "Content-Type", "text/plain")).ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err, body)
		assert.Equal(t, want, got.Passphrase.Reveal())
	}
}

func TestAnAnswerForAnotherTaskIsRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	body := `{"task_id":"another","passphrase":"hunter2"}`
	_, err := mockClient(t, respond(http.StatusOK, body)).ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrInvalidResponse)
	assert.Contains(t, err.Error(), "AllowTaskIDMismatch")
	got, err := mockClient(t, respond(http.StatusOK, body), sms.AllowTaskIDMismatch()).ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, "another", got.TaskID)
}

// canary stands for key material in bodies that are refused: it must not be in the error.
const canary = "CANARYkeyMATERIAL"

func TestASuccessThatIsNotTheDocumentedAnswerIsAnError(t *testing.T) {
	t.Parallel()
	good := `{"cert":"C","private_key":"` + canary + `"}`
	for name, answer := range map[string]struct {
		status  int
		body    string
		headers []string
	}{
		"empty":                   {body: ""},
		"white space":             {body: " \n\t"},
		"null":                    {body: "null"},
		"empty object":            {body: "{}"},
		"array":                   {body: "[" + good + "]"},
		"string":                  {body: `"` + canary + `"`},
		"HTML":                    {body: "<html>" + canary + "</html>", headers: []string{"Content-Type", "text/html"}},
		"byte order mark":         {body: "\ufeff" + good},
		"invalid UTF-8":           {body: strings.Replace(good, "C\"", "\xff\"", 1)},
		"lone surrogate":          {body: strings.Replace(good, `"C"`, `"\ud800"`, 1)},
		"duplicate name":          {body: `{"cert":"C","cert":"` + canary + `","private_key":"K"}`},
		"duplicate unknown name":  {body: `{"cert":"C","x":1,"x":2,"private_key":"K"}`},
		"escaped duplicate name":  {body: `{"cert":"C","c\u0065rt":"` + canary + `","private_key":"K"}`},
		"names in another case":   {body: `{"Cert":"C","Private_Key":"` + canary + `"}`},
		"no cert":                 {body: `{"private_key":"` + canary + `"}`},
		"null cert":               {body: `{"cert":null,"private_key":"` + canary + `"}`},
		"empty cert":              {body: `{"cert":"","private_key":"` + canary + `"}`},
		"no private key":          {body: `{"cert":"` + canary + `"}`},
		"null private key":        {body: `{"cert":"C","private_key":null}`},
		"empty private key":       {body: `{"cert":"C","private_key":""}`},
		"number for a string":     {body: `{"cert":1,"private_key":"` + canary + `"}`},
		"object for a string":     {body: `{"cert":{"pem":"` + canary + `"},"private_key":"K"}`},
		"wrong type in optional":  {body: `{"cert":"C","private_key":"K","ca":["` + canary + `"]}`},
		"trailing garbage":        {body: good + "x"},
		"second document":         {body: good + good},
		"trailing null byte":      {body: good + "\x00"},
		"cut short":               {body: good[:len(good)-1]},
		"comment":                 {body: "/*" + canary + "*/" + good},
		"raw line break in a key": {body: strings.Replace(good, "C\"", "\n\"", 1)},
		"deeply nested":           {body: `{"x":` + strings.Repeat("[", 100_000)},
		"204":                     {status: http.StatusNoContent},
		"202":                     {status: http.StatusAccepted, body: good},
		"206":                     {status: http.StatusPartialContent, body: good},
		"203":                     {status: http.StatusNonAuthoritativeInfo, body: good},
		"299":                     {status: 299, body: good},
		"unknown encoding":        {body: good, headers: []string{"Content-Encoding", "br"}},
		"gzip that is none":       {body: good, headers: []string{"Content-Encoding", "gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if answer.status == 0 {
				answer.status = http.StatusOK
			}
			attempts := 0
			client := mockClient(t, func(req *http.Request) (*http.Response, error) {
				attempts++
				return respond(answer.status, answer.body, answer.headers...)(req)
			})
			got, err := client.ShowCertKey(t.Context(), taskID)
			assert.Nil(t, got)
			require.ErrorIs(t, err, sms.ErrInvalidResponse)
			require.NotErrorIs(t, err, sms.ErrResponseTooLarge)
			assert.NotErrorAs(t, err, new(*sms.APIError))
			assert.Contains(t, err.Error(), "ShowCertKey")
			assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), canary)
			assert.Equal(t, 1, attempts, "a malformed answer is not asked for again")
		})
	}
}

func TestAnErrorObjectWithASuccessStatusIsAnAPIErrorToo(t *testing.T) {
	t.Parallel()
	for _, answer := range []struct {
		status int
		body   string
	}{
		{http.StatusOK, `{"error_code":"SMS.9004","error_msg":"no"}`},
		{http.StatusOK, `{"error_code":"SMS.9004","error_msg":"no","cert":"C","private_key":"K"}`},
		{http.StatusAccepted, `{"error_code":"SMS.9004","error_msg":"no"}`},
	} {
		_, err := mockClient(t, respond(answer.status, answer.body)).ShowCertKey(t.Context(), taskID)
		var refused *sms.APIError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, answer.status, refused.StatusCode)
		assert.Equal(t, "SMS.9004", refused.Code)
		require.ErrorIs(t, err, sms.ErrInvalidResponse)
		assert.NotErrorIs(t, err, sms.ErrForbidden)
	}
}

func TestABodyIsBoundedAfterDecoding(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(certKeyBody))
	_ = w.Close()
	limit := int64(len(certKeyBody))
	gzipped := respond(http.StatusOK, zipped.String(), "Content-Encoding", "GZIP")

	_, err := mockClient(t, respond(http.StatusOK, certKeyBody), sms.WithMaxResponseSize(limit)).ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	_, err = mockClient(t, gzipped, sms.WithMaxResponseSize(limit)).ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)

	for name, client := range map[string]*sms.Client{
		"plain":       mockClient(t, respond(http.StatusOK, certKeyBody), sms.WithMaxResponseSize(limit-1)),
		"gzip":        mockClient(t, gzipped, sms.WithMaxResponseSize(limit-1)),
		"white space": mockClient(t, respond(http.StatusOK, certKeyBody+strings.Repeat(" ", 2<<20))),
	} {
		_, err = client.ShowCertKey(t.Context(), taskID)
		require.ErrorIs(t, err, sms.ErrResponseTooLarge, name)
		require.ErrorIs(t, err, sms.ErrInvalidResponse, name)
		assert.Contains(t, err.Error(), "WithMaxResponseSize")
	}
}

func TestAHundredThousandUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteString(`{"cert":"C"`)
	for i := range 100_000 {
		fmt.Fprintf(&body, `,"f%d":%d`, i, i)
	}
	body.WriteString(`,"private_key":"K"}`)
	client := mockClient(t, respond(http.StatusOK, body.String()), sms.WithMaxResponseSize(4<<20))
	got, err := client.ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, "K", got.PrivateKey.Reveal())
}

func TestEqualComparesEveryField(t *testing.T) {
	t.Parallel()
	full := func() *sms.CertKey {
		return &sms.CertKey{
			Cert: "1", PrivateKey: sms.NewSecret("2"), CA: "3", TargetMgmtCert: "4", TargetMgmtPrivateKey: sms.NewSecret("5"),
			TargetDataCert: "6", TargetDataPrivateKey: sms.NewSecret("7"),
		}
	}
	assert.True(t, full().Equal(full()))
	for name, change := range map[string]func(*sms.CertKey){
		"Cert":                 func(c *sms.CertKey) { c.Cert = "x" },
		"PrivateKey":           func(c *sms.CertKey) { c.PrivateKey = sms.NewSecret("x") },
		"CA":                   func(c *sms.CertKey) { c.CA = "x" },
		"TargetMgmtCert":       func(c *sms.CertKey) { c.TargetMgmtCert = "x" },
		"TargetMgmtPrivateKey": func(c *sms.CertKey) { c.TargetMgmtPrivateKey = sms.NewSecret("x") },
		"TargetDataCert":       func(c *sms.CertKey) { c.TargetDataCert = "x" },
		"TargetDataPrivateKey": func(c *sms.CertKey) { c.TargetDataPrivateKey = sms.Secret{} },
	} {
		other := full()
		change(other)
		assert.False(t, full().Equal(other), name)
	}
	var none *sms.CertKey
	assert.True(t, none.Equal(nil))
	assert.False(t, none.Equal(full()))
	assert.False(t, full().Equal(nil))

	one := &sms.Passphrase{TaskID: "t", Passphrase: sms.NewSecret("p")}
	assert.True(t, one.Equal(&sms.Passphrase{TaskID: "t", Passphrase: sms.NewSecret("p")}))
	assert.False(t, one.Equal(&sms.Passphrase{TaskID: "u", Passphrase: sms.NewSecret("p")}))
	assert.False(t, one.Equal(&sms.Passphrase{TaskID: "t", Passphrase: sms.NewSecret("q")}))
	assert.False(t, one.Equal(nil))
}

package sms_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

type vars = map[string]string

// nowhere is an address of a metadata service that is not there.
const nowhere = "http://127.0.0.1:1"

// writeFile writes a file in a fresh folder and returns its name.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func TestEachKindOfCredentialsInTheEnvironmentServes(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddTask(taskID)
	srv.AddUser("account", "agent", "hunter2")
	srv.AddIDToken("provider", "id-token")
	key, temporary := srv.AccessKey(), srv.NewTemporaryKey()
	idToken := writeFile(t, "token", "id-token\n")
	podToken := writeFile(t, "token", srv.PodToken())
	pair := "ak = " + key.ID + "\nsk = " + key.Secret.Reveal() + "\n"
	none := "[global]\ndomain_id = x\n"
	home := func(profile string) string {
		return strings.TrimSuffix(writeFile(t, ".huaweicloud/credentials", profile), "/.huaweicloud/credentials")
	}
	all := vars{
		"CLOUD_SDK_AK": key.ID, "CLOUD_SDK_SK": key.Secret.Reveal(),
		"HUAWEICLOUD_SDK_AK": "wrong", "HUAWEICLOUD_SDK_SK": "wrong", "HUAWEICLOUD_SDK_IDP_ID": "wrong",
		"HW_AUTH_TOKEN": "wrong", "HW_ACCESS_KEY": "wrong", "HW_SECRET_KEY": "wrong", "HW_USER_NAME": "wrong",
	}
	tests := map[string]struct {
		variables vars
		home      string
		metadata  string
		source    string
	}{
		"the variables of the API pages": {variables: all, source: "CLOUD_SDK_AK, CLOUD_SDK_SK"},
		"the variables of the SDKs": {
			variables: vars{"HUAWEICLOUD_SDK_AK": key.ID, "HUAWEICLOUD_SDK_SK": key.Secret.Reveal(), "HUAWEICLOUD_SDK_DOMAIN_ID": key.DomainID, "HW_AUTH_TOKEN": "wrong"},
			source:    "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
		},
		"a temporary key in the variables of the SDKs": {
			variables: vars{"HUAWEICLOUD_SDK_AK": temporary.ID, "HUAWEICLOUD_SDK_SK": temporary.Secret.Reveal(), "HUAWEICLOUD_SDK_SECURITY_TOKEN": temporary.SecurityToken.Reveal()},
			source:    "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK",
		},
		"an id token": {
			variables: vars{"HUAWEICLOUD_SDK_IDP_ID": "provider", "HUAWEICLOUD_SDK_ID_TOKEN_FILE": idToken},
			source:    "HUAWEICLOUD_SDK_IDP_ID, HUAWEICLOUD_SDK_ID_TOKEN_FILE",
		},
		"a token of Terraform": {
			variables: vars{"HW_AUTH_TOKEN": srv.Token(), "HW_ACCESS_KEY": "wrong", "HW_USER_NAME": "wrong"},
			source:    "HW_AUTH_TOKEN",
		},
		"a key of Terraform": {
			variables: vars{"HW_ACCESS_KEY": key.ID, "HW_SECRET_KEY": key.Secret.Reveal(), "HW_DOMAIN_NAME": "account"},
			source:    "HW_ACCESS_KEY, HW_SECRET_KEY",
		},
		"a temporary key of Terraform": {
			variables: vars{"HW_ACCESS_KEY": temporary.ID, "HW_SECRET_KEY": temporary.Secret.Reveal(), "HW_SECURITY_TOKEN": temporary.SecurityToken.Reveal()},
			source:    "HW_ACCESS_KEY, HW_SECRET_KEY",
		},
		"a user of Terraform": {
			variables: vars{"HW_USER_NAME": "agent", "HW_USER_PASSWORD": "hunter2", "HW_DOMAIN_NAME": "account", "HW_AUTH_URL": srv.IAMEndpoint() + "/v3"},
			source:    "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME",
		},
		"a user whose IAM ends in a slash": {
			variables: vars{"HW_USER_NAME": "agent", "HW_USER_PASSWORD": "hunter2", "HW_DOMAIN_NAME": "account", "HW_AUTH_URL": srv.IAMEndpoint() + "/v3/"},
			source:    "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME",
		},
		"the SDK's IAM before Terraform's": {
			variables: vars{
				"HW_USER_NAME": "agent", "HW_USER_PASSWORD": "hunter2", "HW_DOMAIN_NAME": "account",
				"HW_AUTH_URL": "https://iam.invalid/v3", "HUAWEICLOUD_SDK_IAM_ENDPOINT": srv.IAMEndpoint(),
			},
			source: "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME",
		},
		"a profile that is named": {
			variables: vars{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": writeFile(t, "profile", "[basic]\n"+pair)},
			home:      home("[basic]\nak = wrong\nsk = wrong\n"),
			source:    "the profile {named}, section [basic]",
		},
		"the profile at home":              {home: home("[basic]\n" + pair), source: "the profile {home}, section [basic]"},
		"global before basic":              {home: home("[basic]\nak = wrong\nsk = wrong\n[global]\n" + pair), source: "the profile {home}, section [global]"},
		"basic where global has no key":    {home: home(none + "[basic]\n" + pair), source: "the profile {home}, section [basic]"},
		"a profile with a domain":          {home: home("[global]\ndomain_id = " + key.DomainID + "\n" + pair), source: "the profile {home}, section [global]"},
		"a profile with an IAM of its own": {variables: vars{"HW_AUTH_URL": "https://iam.invalid"}, home: home("[global]\niam_endpoint = " + srv.IAMEndpoint() + "\n" + pair), source: "the profile {home}, section [global]"},
		"a profile with an id token":       {home: home("[global]\nidp_id = provider\nid_token_file = " + idToken), source: "the profile {home}, section [global]"},
		"the identity of a pod": {
			variables: vars{"HC_CONTAINER_CREDENTIALS_FULL_URI": srv.PodIdentityEndpoint(), "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": podToken},
			source:    "HC_CONTAINER_CREDENTIALS_FULL_URI, HC_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		},
		"the metadata of the ECS":               {metadata: srv.MetadataEndpoint(), source: "the metadata service of the ECS"},
		"the metadata of the ECS with a domain": {variables: vars{"HW_DOMAIN_ID": key.DomainID}, metadata: srv.MetadataEndpoint(), source: "the metadata service of the ECS"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := sms.Environment{Variables: test.variables, Home: test.home, Metadata: test.metadata, IAM: srv.SignerOptions()}
			if env.Metadata == "" {
				env.Metadata = nowhere
			}
			signer, err := env.Signer()
			require.NoError(t, err)
			want := strings.NewReplacer(
				"{named}", test.variables["HUAWEICLOUD_SDK_CREDENTIALS_FILE"],
				"{home}", filepath.Join(test.home, ".huaweicloud", "credentials"),
			).Replace(test.source)
			assert.Equal(t, want, sms.CredentialSource(signer))
			client, err := sms.NewClient(srv.Endpoint(), signer, sms.WithHTTPClient(srv.HTTPClient()))
			require.NoError(t, err)
			assert.Equal(t, want, client.CredentialSource())
			_, err = client.ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err)
		})
	}
}

func TestHalfSetCredentialsAreNeverSkipped(t *testing.T) {
	t.Parallel()
	complete := vars{"HW_USER_NAME": "agent", "HW_USER_PASSWORD": "CANARY", "HW_DOMAIN_NAME": "account"} // what comes later
	missingFile := filepath.Join(t.TempDir(), "missing")
	tests := map[string]struct {
		variables vars
		profile   string
		says      []string
	}{
		"no SK":                       {vars{"CLOUD_SDK_AK": "AKID"}, "", []string{"CLOUD_SDK_AK is set", "CLOUD_SDK_SK is not"}},
		"no AK":                       {vars{"CLOUD_SDK_SK": "CANARY"}, "", []string{"CLOUD_SDK_SK is set", "CLOUD_SDK_AK is not"}},
		"no SK of the SDK":            {vars{"HUAWEICLOUD_SDK_AK": "AKID"}, "", []string{"HUAWEICLOUD_SDK_SK is not"}},
		"no AK of the SDK":            {vars{"HUAWEICLOUD_SDK_SK": "CANARY"}, "", []string{"HUAWEICLOUD_SDK_AK is not"}},
		"only a security token":       {vars{"HUAWEICLOUD_SDK_SECURITY_TOKEN": "CANARY"}, "", []string{"HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK is not"}},
		"no file for the id token":    {vars{"HUAWEICLOUD_SDK_IDP_ID": "provider"}, "", []string{"HUAWEICLOUD_SDK_ID_TOKEN_FILE is not"}},
		"no provider":                 {vars{"HUAWEICLOUD_SDK_ID_TOKEN_FILE": "f"}, "", []string{"HUAWEICLOUD_SDK_IDP_ID is not"}},
		"no SK of Terraform":          {vars{"HW_ACCESS_KEY": "AKID"}, "", []string{"HW_SECRET_KEY is not"}},
		"no AK of Terraform":          {vars{"HW_SECRET_KEY": "CANARY"}, "", []string{"HW_ACCESS_KEY is not"}},
		"a security token of it":      {vars{"HW_SECURITY_TOKEN": "CANARY"}, "", []string{"HW_ACCESS_KEY, HW_SECRET_KEY is not"}},
		"no password":                 {vars{"HW_USER_PASSWORD": ""}, "", []string{"HW_USER_NAME is set", "HW_USER_PASSWORD is not"}},
		"no user":                     {vars{"HW_USER_NAME": ""}, "", []string{"HW_USER_PASSWORD is set", "HW_USER_NAME is not"}},
		"no domain":                   {vars{"HW_DOMAIN_NAME": ""}, "", []string{"HW_DOMAIN_NAME is not"}},
		"no pod token":                {vars{"HW_USER_NAME": "", "HW_USER_PASSWORD": "", "HC_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1"}, "", []string{"HC_CONTAINER_AUTHORIZATION_TOKEN_FILE is not"}},
		"a pod's plain http abroad":   {vars{"HW_USER_NAME": "", "HW_USER_PASSWORD": "", "HC_CONTAINER_CREDENTIALS_FULL_URI": "http://198.51.100.1/", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "f"}, "", []string{"HC_CONTAINER", "plain http"}},
		"a malformed token":           {vars{"HW_AUTH_TOKEN": "CANARY\n"}, "", []string{"HW_AUTH_TOKEN", "control or non-ASCII"}},
		"an IAM without TLS":          {vars{"HW_AUTH_URL": "http://iam.example/v3"}, "", []string{"HW_USER_NAME", "IAM", "plain http"}},
		"a profile that is not there": {vars{"HW_USER_NAME": "", "HW_USER_PASSWORD": "", "HUAWEICLOUD_SDK_CREDENTIALS_FILE": missingFile}, "", []string{"missing", "no such file"}},
		"a folder as a profile":       {vars{"HW_USER_NAME": "", "HW_USER_PASSWORD": "", "HUAWEICLOUD_SDK_CREDENTIALS_FILE": t.TempDir()}, "", []string{"directory"}},
		"a profile without sk":        {nil, "[global]\nak = AKID\n", []string{"[global]", "no sk"}},
		"a profile without ak":        {nil, "[global]\nsk = CANARY\n[basic]\nak = a\nsk = b\n", []string{"[global]", "no ak"}},
		"a profile with only a token": {nil, "[basic]\nsecurity_token = CANARY\n", []string{"[basic]", "no ak"}},
		"a profile without provider":  {nil, "[basic]\nid_token_file = f\n", []string{"no idp_id"}},
		"a profile without id token":  {nil, "[basic]\nidp_id = p\n", []string{"no id_token_file"}},
		"a profile without sections":  {nil, "sk = CANARY\n", []string{"line 1", "before the first section"}},
		"a profile that is no INI":    {nil, "[global]\nCANARY\n", []string{"line 2", "neither"}},
		"a key twice":                 {nil, "[global]\nsk = CANARY\nsk = CANARY\n", []string{"line 3"}},
		"a binary profile":            {nil, "[global]\nsk = CANARY\x00", []string{"not a text file"}},
		"a huge profile":              {nil, "[global]\nsk = " + strings.Repeat("CANARY", 1<<14), []string{"64 KiB"}},
		"an empty profile":            {nil, "\n", []string{"neither [global] nor [basic]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := sms.Environment{Variables: vars{}, Metadata: nowhere}
			if test.profile == "" {
				maps.Copy(env.Variables, complete)
			} else {
				env.Variables["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = writeFile(t, "profile", test.profile)
			}
			maps.Copy(env.Variables, test.variables)
			signer, err := env.Signer()
			require.ErrorIs(t, err, sms.ErrInvalidArgument)
			assert.Nil(t, signer)
			for _, says := range test.says {
				require.ErrorContains(t, err, says)
			}
			assert.NotContains(t, err.Error(), "CANARY")
		})
	}
}

func TestNoCredentialsNamesEveryPlace(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	_, err := sms.Environment{Variables: vars{"HW_DOMAIN_NAME": "account", "HW_REGION_NAME": "cn-north-4"}, Home: home, Metadata: nowhere}.Signer()
	require.ErrorIs(t, err, sms.ErrNoCredentials)
	require.NotErrorIs(t, err, sms.ErrInvalidArgument)
	for _, place := range []string{
		"CLOUD_SDK_AK", "CLOUD_SDK_SK", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_IDP_ID",
		"HW_AUTH_TOKEN", "HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME",
		"HUAWEICLOUD_SDK_CREDENTIALS_FILE", filepath.Join(home, ".huaweicloud", "credentials"),
		"HC_CONTAINER_CREDENTIALS_FULL_URI", "the metadata service of the ECS",
	} {
		require.ErrorContains(t, err, place)
	}
	_, err = sms.Environment{Metadata: nowhere}.Signer()
	require.ErrorIs(t, err, sms.ErrNoCredentials, "without a home folder")
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".huaweicloud"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".huaweicloud", "credentials"), []byte("[global]\n"), 0o600))
	_, err = sms.Environment{Home: home, Metadata: nowhere}.Signer()
	require.ErrorIs(t, err, sms.ErrNoCredentials, "with an empty profile")
	require.ErrorContains(t, err, "no credentials in [global] or [basic]")
}

func TestAnECSWithoutAnAgencyHasNoCredentials(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.SetMetadataMode(smstest.MetadataNoAgency)
	_, err := sms.Environment{Metadata: srv.MetadataEndpoint()}.Signer()
	require.ErrorIs(t, err, sms.ErrNoCredentials)
	require.ErrorContains(t, err, "agency")
}

func TestTheEndpointComesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	const prefix = "HUAWEICLOUD_SDK_REGION_SMS_"
	for name, test := range map[string]struct {
		variables vars
		want      string
	}{
		"a variable of its own":      {vars{"HUAWEICLOUD_SMS_ENDPOINT": "https://a.example", "HW_REGION_NAME": "cn-north-4"}, "https://a.example"},
		"a region":                   {vars{"HW_REGION_NAME": "cn-north-4"}, "https://sms.cn-north-4.myhuaweicloud.com"},
		"a region of the SDK":        {vars{"HW_REGION_NAME": "cn-north-4", prefix + "CN_NORTH_4": "https://b.example"}, "https://b.example"},
		"another region of the SDK":  {vars{"HW_REGION_NAME": "cn-north-4", prefix + "XX_1": "https://b.example"}, "https://sms.cn-north-4.myhuaweicloud.com"},
		"a region nobody knows":      {vars{"HW_REGION_NAME": "xx-1", prefix + "XX_1": "https://b.example"}, "https://b.example"},
		"several endpoints":          {vars{prefix + "XX_1": "https://b.example , https://c.example"}, "https://b.example"},
		"the only region of the SDK": {vars{prefix + "XX_1": "https://b.example", prefix + "XX_2": ""}, "https://b.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sms.Environment{Variables: test.variables}.Endpoint()
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	for says, variables := range map[string]vars{
		"set HUAWEICLOUD_SMS_ENDPOINT":    nil,
		`HW_REGION_NAME: sms: invalid`:    {"HW_REGION_NAME": "xx-1"},
		"say with HW_REGION_NAME":         {prefix + "XX_1": "https://b.example", prefix + "XX_2": "https://c.example"},
		"the known ones are ap-southeast": {"HW_REGION_NAME": "xx-1"},
	} {
		_, err := sms.Environment{Variables: variables}.Endpoint()
		require.ErrorIs(t, err, sms.ErrInvalidArgument)
		require.ErrorContains(t, err, says)
	}
}

// cleanEnvironment leaves the process without credentials: the test is not parallel.
func cleanEnvironment(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"CLOUD_SDK_", "HUAWEICLOUD_", "HW_", "HC_"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "")
			}
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
}

func TestNewClientFromEnv(t *testing.T) {
	cleanEnvironment(t)
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	_, want := srv.AddTask(taskID)
	srv.AddUser("account", "agent", "hunter2")

	_, err := sms.NewClientFromEnv()
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	t.Setenv("HUAWEICLOUD_SMS_ENDPOINT", srv.Endpoint())
	t.Setenv("HW_USER_NAME", "agent")
	_, err = sms.NewClientFromEnv()
	require.ErrorContains(t, err, "HW_USER_PASSWORD")
	t.Setenv("HW_USER_PASSWORD", "hunter2")
	t.Setenv("HW_DOMAIN_NAME", "account")
	t.Setenv("HW_AUTH_URL", srv.IAMEndpoint()+"/v3")
	_, err = sms.NewClientFromEnv(nil)
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	client, err := sms.NewClientFromEnv(sms.WithHTTPClient(srv.HTTPClient())) // it serves IAM as well
	require.NoError(t, err)
	assert.Equal(t, srv.Endpoint(), client.Endpoint())
	assert.Equal(t, "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME", client.CredentialSource())
	got, err := client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.True(t, got.Equal(want))

	t.Setenv("HW_AUTH_TOKEN", srv.Token())
	signer, err := sms.SignerFromEnv()
	require.NoError(t, err)
	assert.Equal(t, "HW_AUTH_TOKEN", sms.CredentialSource(signer))
	assert.Empty(t, sms.CredentialSource(sms.StaticToken("t")))
}

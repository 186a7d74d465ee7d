package sms_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestAccessKeyFromMetadata(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]smstest.MetadataMode{"version 2": smstest.MetadataV2, "version 1": smstest.MetadataV1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, _ := serviceWithTask(t)
			srv.SetMetadataMode(mode)
			client := clientOf(t, srv, sms.AccessKeyFrom(sms.ECSMetadata(sms.WithMetadataEndpoint(srv.MetadataEndpoint())), srv.SignerOptions()...))
			for range 3 {
				_, err := client.ShowCertKey(t.Context(), taskID)
				require.NoError(t, err)
			}
			assert.Len(t, srv.RequestsFor(smstest.ShowSecurityKey), 1)
			assert.Len(t, srv.RequestsFor(smstest.ListDomains), 1)
			srv.RevokeKeys()
			_, err := client.ShowCertKey(t.Context(), taskID)
			require.NoError(t, err)
			assert.Len(t, srv.RequestsFor(smstest.ShowSecurityKey), 2)
			assert.Len(t, srv.RequestsFor(smstest.CreateMetadataToken), 1, "it is good for six hours, or for a day where there is none")
			assert.Len(t, srv.RequestsFor(smstest.ListDomains), 1, "the domain stays")
		})
	}
}

func TestAMetadataTokenThatIsRefusedIsRenewed(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	source := sms.ECSMetadata(sms.WithMetadataEndpoint(srv.MetadataEndpoint()))
	_, err := source.AccessKey(t.Context())
	require.NoError(t, err)
	srv.SetClockOffset(7 * time.Hour) // the token has ended for the service
	key, err := source.AccessKey(t.Context())
	require.NoError(t, err)
	assert.Len(t, srv.RequestsFor(smstest.CreateMetadataToken), 2)
	assert.WithinDuration(t, time.Now().Add(time.Hour), key.ExpiresAt, 3*time.Second, "by this machine's clock")

	srv.SetMetadataMode(smstest.MetadataNoAgency)
	_, err = source.AccessKey(t.Context())
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	require.ErrorContains(t, err, "give the ECS an agency")
}

func TestPodIdentityReadsItsTokenAnew(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	file := writeFile(t, "token", srv.PodToken()+"\n")
	source := sms.PodIdentity(srv.PodIdentityEndpoint(), file)
	client := clientOf(t, srv, sms.AccessKeyFrom(source, srv.SignerOptions()...))
	_, err := client.ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	old := srv.PodToken()
	srv.RotatePodToken()
	_, err = source.AccessKey(t.Context())
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	require.ErrorContains(t, err, "check the pod's token file")
	assert.NotContains(t, err.Error(), old)
	rotated := sms.PodIdentity(srv.PodIdentityEndpoint(), writeFile(t, "token", srv.PodToken()))
	_, err = rotated.AccessKey(t.Context())
	require.NoError(t, err)
}

func TestTheDomainIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	key := srv.AccessKey()
	domain := key.DomainID
	key.DomainID = ""
	client := clientOf(t, srv, sms.StaticAccessKey(key, srv.SignerOptions()...))

	srv.SetDomains()
	_, err := client.ShowCertKey(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrInvalidResponse)
	require.ErrorContains(t, err, "no domain")
	srv.SetDomains(smstest.Domain{ID: "1", Name: "first"}, smstest.Domain{ID: "2", Name: "second"})
	_, err = client.ShowCertKey(t.Context(), taskID)
	require.ErrorContains(t, err, "2 domains")
	require.ErrorContains(t, err, "first, second")
	srv.SetDomains(smstest.Domain{ID: domain, Name: "one"})
	for range 3 {
		_, err = client.ShowCertKey(t.Context(), taskID)
		require.NoError(t, err)
	}
	assert.Len(t, srv.RequestsFor(smstest.ListDomains), 3, "two failed, and one that is kept")
	for _, r := range srv.RequestsFor(smstest.ShowCertKey) {
		assert.Equal(t, []string{"host", "x-domain-id", "x-sdk-date"}, r.SignedHeaders)
		assert.Equal(t, domain, r.Header.Get("X-Domain-Id"))
	}

	srv.ForgetRequests()
	without := clientOf(t, srv, sms.StaticAccessKey(key, append(srv.SignerOptions(), sms.WithoutDomainID())...))
	_, err = without.ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	assert.Empty(t, srv.RequestsFor(smstest.ListDomains))
	assert.Empty(t, srv.RequestsFor(smstest.ShowCertKey)[0].Header.Get("X-Domain-Id"))
}

func TestAClockThatIsOffCostsOneRequestMore(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, size := range []time.Duration{
		0, 4 * time.Minute, 5 * time.Minute, 14 * time.Minute, 16 * time.Minute, time.Hour, 24 * time.Hour, 10 * year,
	} {
		for _, offset := range []time.Duration{size, -size} {
			t.Run(offset.String(), func(t *testing.T) {
				t.Parallel()
				srv, _ := serviceWithTask(t)
				srv.SetClockOffset(offset)
				key := srv.AccessKey()
				for name, signer := range map[string]sms.Signer{
					"static": sms.StaticAccessKey(key), "from a source": sms.AccessKeyFrom(keyFunc(func() sms.AccessKey { return key })),
				} {
					srv.ForgetRequests()
					client := clientOf(t, srv, signer)
					_, err := client.ShowPassphrase(t.Context(), taskID)
					require.NoError(t, err, name)
					extra := len(srv.Requests()) - 1
					if offset.Abs() > 15*time.Minute {
						assert.Equal(t, 1, extra, name)
					} else {
						assert.Zero(t, extra, name)
					}
					srv.ForgetRequests()
					_, err = client.ShowPassphrase(t.Context(), taskID)
					require.NoError(t, err, name)
					assert.Len(t, srv.Requests(), 1, "%s: the offset is kept", name)
				}
			})
		}
	}
}

type keyFunc func() sms.AccessKey

func (f keyFunc) AccessKey(context.Context) (sms.AccessKey, error) { return f(), nil }

func TestTheClockIsCorrectedByAFreshDateOnly(t *testing.T) {
	t.Parallel()
	off := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	agreed := time.Now().Add(3 * time.Minute).UTC().Format(http.TimeFormat)
	for name, test := range map[string]struct {
		headers []string
		want    int
	}{
		"no Date":         {nil, 1},
		"a bad Date":      {[]string{"Date", "yesterday"}, 1},
		"a cached answer": {[]string{"Date", off, "Age", "3600"}, 1},
		"clocks agree":    {[]string{"Date", agreed}, 1},
		"an hour off":     {[]string{"Date", off}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := httpmock.NewMockTransport()
			transport.RegisterNoResponder(respond(http.StatusUnauthorized, `{"error_code":"APIGW.0301","error_msg":"signature expired"}`, test.headers...))
			client, err := sms.NewClient(mockEndpoint, sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK")}, sms.WithoutDomainID()),
				sms.WithHTTPClient(&http.Client{Transport: transport}))
			require.NoError(t, err)
			_, err = client.ShowPassphrase(t.Context(), taskID)
			require.ErrorIs(t, err, sms.ErrUnauthorized)
			assert.Equal(t, test.want, transport.GetTotalCallCount())
		})
	}
}

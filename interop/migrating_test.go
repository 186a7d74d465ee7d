package interop

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func certKeyWithTheOfficialSDK(client *official.SmsClient, taskID string) (string, error) {
	enable := true
	response, err := client.ShowCertKey(&model.ShowCertKeyRequest{TaskId: taskID, EnableCaCert: &enable})
	if err != nil {
		if refused, ok := err.(*sdkerr.ServiceResponseError); ok && refused.StatusCode == 403 { //nolint:errorlint // as its samples do
			return "", fmt.Errorf("missing permission: %s", refused.ErrorMessage)
		}
		return "", err
	}
	if response.PrivateKey == nil { // a success may be empty
		return "", errors.New("no private key")
	}
	return *response.PrivateKey, nil
}

func certKeyWithThisLibrary(ctx context.Context, client *sms.Client, taskID string) (sms.Secret, error) {
	material, err := client.ShowCertKey(ctx, taskID)
	if refused, ok := errors.AsType[*sms.APIError](err); ok && refused.StatusCode == 403 {
		action, _ := refused.Denied() // sms:server:getCert
		return sms.Secret{}, fmt.Errorf("missing permission %s: %w", action, err)
	}
	if err != nil {
		return sms.Secret{}, err
	}
	return material.PrivateKey, nil
}

func TestTheTwoStylesOfTheMigrationGuideAgree(t *testing.T) {
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddTask("task-1")
	theirs := officialClient(t, srv, srv.AccessKey())
	ours, err := srv.Client()
	require.NoError(t, err)

	theirKey, err := certKeyWithTheOfficialSDK(theirs, "task-1")
	require.NoError(t, err)
	ourKey, err := certKeyWithThisLibrary(t.Context(), ours, "task-1")
	require.NoError(t, err)
	assert.True(t, ourKey.Equal(sms.NewSecret(theirKey)))

	srv.Deny(smstest.ActionGetCert)
	_, err = certKeyWithTheOfficialSDK(theirs, "task-1")
	require.ErrorContains(t, err, "missing permission")
	_, err = certKeyWithThisLibrary(t.Context(), ours, "task-1")
	require.ErrorContains(t, err, "missing permission")
}

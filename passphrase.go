package sms

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"example.com/huaweicloud/sms/internal/wire"
)

const opShowPassphrase = "ShowPassphrase"

// ShowPassphrase fetches the passphrase of the certificates of a migration
// task's secure channel: GET /v3/tasks/{task_id}/passphrase. The caller needs the
// permission sms:server:getTaskPassphrase.
//
// The passphrase is byte for byte what the service sent, 0 to 255 characters; it
// is zero where the keys are not encrypted. An answer that names another task, compared
// without case, is ErrInvalidResponse unless AllowTaskIDMismatch was given to NewClient.
//
// The errors are those of ShowCertKey. Safe for concurrent use.
//
// Source: https://support.huaweicloud.com/intl/en-us/api-sms/ShowPassphrase.html
func (c *Client) ShowPassphrase(ctx context.Context, taskID string) (*Passphrase, error) {
	target, err := taskTarget(opShowPassphrase, taskID, "passphrase")
	if err != nil {
		return nil, err
	}
	answer := new(Passphrase)
	err = c.do(ctx, call{
		operation: opShowPassphrase,
		target:    target,
		decode: func(_ http.Header, body []byte) error {
			got, err := wire.ParsePassphrase(body)
			if err != nil {
				return err
			}
			if got.TaskID != "" && !strings.EqualFold(got.TaskID, taskID) && !c.allowTaskMismatch {
				return errors.New("the answer names another task than the one asked for " +
					"(AllowTaskIDMismatch accepts that)")
			}
			*answer = Passphrase{TaskID: got.TaskID, Passphrase: NewSecret(got.Passphrase)}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

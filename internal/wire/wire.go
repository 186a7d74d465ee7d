// Package wire holds the JSON shapes of the service as they travel: the client
// reads them, the fake service writes them.
package wire

// CertKey is the body of a successful GET /v3/tasks/{task_id}/certkey.
type CertKey struct {
	CA                   string `json:"ca,omitempty"`
	Cert                 string `json:"cert"`
	PrivateKey           string `json:"private_key"`
	TargetMgmtCert       string `json:"target_mgmt_cert,omitempty"`
	TargetMgmtPrivateKey string `json:"target_mgmt_private_key,omitempty"`
	TargetDataCert       string `json:"target_data_cert,omitempty"`
	TargetDataPrivateKey string `json:"target_data_private_key,omitempty"`
}

// Passphrase is the body of a successful GET /v3/tasks/{task_id}/passphrase.
type Passphrase struct {
	TaskID     string `json:"task_id"`
	Passphrase string `json:"passphrase"`
}

// Error is the body of a refusal, by SMS, by the API gateway or by IAM.
type Error struct {
	Code                        string   `json:"error_code"`
	Message                     string   `json:"error_msg"`
	RequestID                   string   `json:"request_id,omitempty"`
	EncodedAuthorizationMessage string   `json:"encoded_authorization_message,omitempty"`
	ErrorParam                  []string `json:"error_param,omitempty"`
	Details                     []Detail `json:"details,omitempty"`
}

// Detail is one cause of an Error.
type Detail struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
}

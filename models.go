package sms

// CertKey is the answer of ShowCertKey: the certificates and private keys, in
// PEM format, of one migration task's secure channel.
//
// Every text is as the service sent it, white space included. Source is the
// machine that is migrated, target the one it is migrated to. Cert and
// PrivateKey are never empty in an answer; the other fields are empty where the
// service leaves them out, as it does with CA when EnableCACert(false) was asked
// for and may do with the target's pairs on old tasks.
//
// A private key may be encrypted: ShowPassphrase gives its passphrase. The
// service documents lengths of 1 to 1,048,576 characters a field.
//
// Printing, logging or marshalling a CertKey shows the certificates and redacts
// the keys. Two answers may hold different material for the same task, so take
// a whole answer or none and never mix two. Compare with Equal.
type CertKey struct {
	// Cert is the source's certificate.
	Cert string `json:"cert"`
	// PrivateKey is the source's private key.
	PrivateKey Secret `json:"private_key"`
	// CA is the certificate of the authority that issued the others.
	CA string `json:"ca"`
	// TargetMgmtCert is the target's certificate for task management.
	TargetMgmtCert string `json:"target_mgmt_cert"`
	// TargetMgmtPrivateKey is the target's private key for task management.
	TargetMgmtPrivateKey Secret `json:"target_mgmt_private_key"`
	// TargetDataCert is the target's certificate for data migration.
	TargetDataCert string `json:"target_data_cert"`
	// TargetDataPrivateKey is the target's private key for data migration.
	TargetDataPrivateKey Secret `json:"target_data_private_key"`
}

// Equal reports whether both hold the same texts, byte for byte. Keys are
// compared in constant time. Two nil pointers are equal.
func (c *CertKey) Equal(other *CertKey) bool {
	if c == nil || other == nil {
		return c == other
	}
	keys := []bool{
		c.PrivateKey.Equal(other.PrivateKey),
		c.TargetMgmtPrivateKey.Equal(other.TargetMgmtPrivateKey),
		c.TargetDataPrivateKey.Equal(other.TargetDataPrivateKey),
	}
	return keys[0] && keys[1] && keys[2] &&
		c.Cert == other.Cert && c.CA == other.CA &&
		c.TargetMgmtCert == other.TargetMgmtCert && c.TargetDataCert == other.TargetDataCert
}

// Passphrase is the answer of ShowPassphrase: the passphrase of the certificates
// of one migration task's secure channel.
//
// Printing, logging or marshalling it redacts the passphrase. Compare with Equal.
type Passphrase struct {
	// TaskID is the task that the service says the passphrase belongs to, 0 to
	// 255 characters. It is empty where the service did not say.
	TaskID string `json:"task_id"`
	// Passphrase is 0 to 255 characters, as the service sent them: white space at
	// its ends belongs to it. It is zero for keys that are not encrypted.
	Passphrase Secret `json:"passphrase"`
}

// Equal reports whether both name the same task and hold the same passphrase,
// which is compared in constant time. Two nil pointers are equal.
func (p *Passphrase) Equal(other *Passphrase) bool {
	if p == nil || other == nil {
		return p == other
	}
	return p.Passphrase.Equal(other.Passphrase) && p.TaskID == other.TaskID
}

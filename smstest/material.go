package smstest

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"example.com/huaweicloud/sms"
)

// Material says how the certificates and keys of a task are made. The zero
// Material is what a server makes unless told otherwise: RSA keys of 2048 bits,
// unencrypted, in RSA PRIVATE KEY blocks, with certificates that are valid from
// an hour ago to a year from now.
type Material struct {
	Key        KeyKind
	Format     KeyFormat
	Encryption KeyEncryption
	// NotBefore and NotAfter bound the validity of all certificates, CA included. Where
	// one is zero it is an hour ago or a year from now, whatever the other is.
	NotBefore, NotAfter time.Time
}

// TargetName is the DNS name in the certificates of a task's target, for
// sms.VerifyServerName. They do not name the address that is dialled.
const TargetName = "target.sms.test"

// AddTask adds a migration task with fresh material and returns what the service
// will answer for it: a CA of the task's own, and by it a client certificate for
// the source and two server certificates for the target, that complete mutual TLS
// handshakes. The empty id makes a UUID, found in the Passphrase's TaskID. A task of
// that id that was there before is replaced.
func (s *Server) AddTask(id string) (*sms.CertKey, *sms.Passphrase) {
	return s.AddTaskWith(id, s.options.material)
}

// AddTaskWith is AddTask with material of another kind than the server's. It panics
// for a kind, a format or an encryption that there is not, and for an id that is not UTF-8.
func (s *Server) AddTaskWith(id string, m Material) (*sms.CertKey, *sms.Passphrase) {
	if !utf8.ValidString(id) {
		misuse("the task id %q is not valid UTF-8", id)
	}
	id = cmp.Or(id, uuid())
	phrase := base64.RawURLEncoding.EncodeToString(randomBytes(18))
	certKey := s.makeCertKey(id, m, phrase)
	passphrase := &sms.Passphrase{TaskID: id, Passphrase: sms.NewSecret(phrase)}
	s.store(id, task{certKey, passphrase, m})
	return clone(certKey), clone(passphrase)
}

// SetTask makes the service answer for the task id with a copy of what the caller
// has, which need not be right in any way. nil stands for 404.
func (s *Server) SetTask(id string, certKey *sms.CertKey, passphrase *sms.Passphrase) {
	s.store(id, task{certKey: clone(certKey), passphrase: clone(passphrase), material: s.options.material})
}

// RemoveTask makes the service answer 404 for the task id.
func (s *Server) RemoveTask(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tasks, id)
}

type task struct {
	certKey    *sms.CertKey
	passphrase *sms.Passphrase
	material   Material
}

func (s *Server) store(id string, t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[id] = t
}

func (s *Server) task(id string) task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tasks[id]
}

func (s *Server) makeCertKey(id string, m Material, passphrase string) *sms.CertKey {
	now := time.Now()
	from, to := m.NotBefore, m.NotAfter
	if from.IsZero() {
		from = now.Add(-validBefore)
	}
	if to.IsZero() {
		to = now.Add(validAfter)
	}
	ca := newAuthority("sms task "+id, from, to)
	pair := func(name string, usage x509.ExtKeyUsage, dnsNames ...string) (string, sms.Secret) {
		key := s.keys.next(m.Key)
		der := ca.issue(leaf{name: name, dnsNames: dnsNames, usage: usage, notBefore: from, notAfter: to}, key)
		return certificatePEM(der), sms.NewSecret(encodeKey(key, m, passphrase))
	}
	c := &sms.CertKey{CA: ca.pem()}
	c.Cert, c.PrivateKey = pair("source", x509.ExtKeyUsageClientAuth)
	c.TargetMgmtCert, c.TargetMgmtPrivateKey = pair("target management", x509.ExtKeyUsageServerAuth, TargetName)
	c.TargetDataCert, c.TargetDataPrivateKey = pair("target data", x509.ExtKeyUsageServerAuth, TargetName)
	return c
}

func clone[T any](value *T) *T {
	if value == nil {
		return nil
	}
	c := *value
	return &c
}

// uuid returns a random UUID (RFC 9562, version 4).
func uuid() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

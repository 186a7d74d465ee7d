#!/bin/sh
# Writes keys.pem: one P-256 key, plain and under every derivation and cipher that
# openssl 3 writes. What comes before a BEGIN line names the block.
set -eu
cd "$(dirname "$0")"
key=$(openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt)
{
	echo "plain"
	echo "$key"
	for prf in hmacWithMD5 hmacWithSHA1 hmacWithSHA224 hmacWithSHA256 hmacWithSHA384 hmacWithSHA512 hmacWithSHA512-224 hmacWithSHA512-256; do
		for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des-ede3-cbc; do
			echo "$prf $cipher"
			echo "$key" | openssl pkcs8 -topk8 -v2 $cipher -v2prf $prf -passout pass:correct
		done
	done
	for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des-ede3-cbc; do
		echo "scrypt $cipher"
		echo "$key" | openssl pkcs8 -topk8 -scrypt -v2 $cipher -passout pass:correct
	done
	echo "scrypt, four lanes"
	echo "$key" | openssl pkcs8 -topk8 -scrypt -scrypt_N 8192 -scrypt_r 8 -scrypt_p 4 -passout pass:correct
	echo "600000 iterations"
	echo "$key" | openssl pkcs8 -topk8 -iter 600000 -passout pass:correct
	echo "unsupported: camellia-128-cbc"
	echo "$key" | openssl pkcs8 -topk8 -v2 camellia-128-cbc -passout pass:correct
	echo "unsupported: aes-256-ofb"
	echo "$key" | openssl pkcs8 -topk8 -v2 aes-256-ofb -passout pass:correct
	echo "unsupported: des-cbc"
	echo "$key" | openssl pkcs8 -topk8 -v2 des-cbc -passout pass:correct -provider default -provider legacy
	echo "unsupported: rc2-cbc"
	echo "$key" | openssl pkcs8 -topk8 -v2 rc2-cbc -passout pass:correct -provider default -provider legacy
	echo "unsupported: PBES1 with triple DES"
	echo "$key" | openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:correct
} >keys.pem

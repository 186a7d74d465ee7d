#!/bin/sh
# Writes keys.pem: one RSA and one P-256 key, plain and in openssl 3's traditional
# encrypted format. What comes before a BEGIN line names the block.
set -eu
cd "$(dirname "$0")"
rsa=$(openssl genrsa -traditional 2048)
ec=$(openssl ecparam -name prime256v1 -genkey -noout)
{
	echo "RSA plain"
	echo "$rsa"
	echo "EC plain"
	echo "$ec"
	for cipher in aes128 aes192 aes256 des3; do
		echo "RSA $cipher"
		echo "$rsa" | openssl rsa -traditional -$cipher -passout pass:correct
		echo "EC $cipher"
		echo "$ec" | openssl ec -$cipher -passout pass:correct
	done
	echo "RSA unsupported: camellia128"
	echo "$rsa" | openssl rsa -traditional -camellia128 -passout pass:correct
	echo "RSA unsupported: des"
	echo "$rsa" | openssl rsa -traditional -des -passout pass:correct -provider default -provider legacy
} >keys.pem

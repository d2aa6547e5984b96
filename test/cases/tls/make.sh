#!/bin/sh
# Makes the certificates of this folder anew: an authority, certificates of both usual kinds of keys that it signed, a
# revocation list and an OCSP response. They are good from 2020 to 2120. Needs openssl 3.
set -e
cd "$(dirname "$0")"
from=20200101000000Z
to=21200101000000Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/index"
echo 01 > "$work/number"
cat > "$work/ca.cnf" <<EOF
[ca]
default_ca=d
[d]
database=$work/index
new_certs_dir=$work
default_md=sha256
serial=$work/serial
crlnumber=$work/number
policy=p
unique_subject=no
copy_extensions=none
[p]
countryName=optional
organizationName=optional
commonName=supplied
[req]
distinguished_name=n
[n]
[authority]
basicConstraints=critical,CA:TRUE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
EOF

sign() { # request serial extensions-file section more...
  echo "$2" > "$work/serial"
  request=$1 extensions=$3 section=$4
  shift 4
  openssl ca -batch -config "$work/ca.cnf" -notext -preserveDN -startdate $from -enddate $to -in "$request" \
    -extfile "$extensions" -extensions "$section" "$@" 2>/dev/null
}
authority() { # name subject serial
  openssl req -new -config "$work/ca.cnf" -newkey rsa:2048 -nodes -keyout "$work/$1.key" -subj "$2" -out "$work/req" 2>/dev/null
  sign "$work/req" "$3" "$work/ca.cnf" authority -selfsign -keyfile "$work/$1.key" > "$1.pem"
}
leaf() { # name kind-of-key subject alternative-names serial
  case $2 in
    ec) openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key" ;;
    *) openssl genrsa -out "$work/$1.key" 2048 2>/dev/null ;;
  esac
  printf '[e]\nsubjectAltName=%s\nauthorityInfoAccess=OCSP;URI:http://ocsp.example:12345/\n' "$4" > "$work/ext"
  printf 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' >> "$work/ext"
  openssl req -new -config "$work/ca.cnf" -key "$work/$1.key" -subj "$3" -out "$work/req"
  sign "$work/req" "$5" "$work/ext" e -cert ca.pem -keyfile "$work/ca.key" > "$work/$1.crt"
}

authority ca '/C=FR/O=Example/CN=Example Authority' 01
authority other-ca '/O=Other/CN=Other Authority' 02
leaf rsa rsa '/C=FR/O=Example/CN=www.example' 'DNS:www.example,DNS:*.shop.example,IP:192.0.2.1' 1001
leaf ecdsa ec '/C=FR/O=Example/CN=www.example' 'DNS:www.example,DNS:*.shop.example' 1002
leaf second rsa '/C=FR/O=Second/CN=second.example' 'DNS:second.example' 1003
leaf client rsa '/C=FR/O=Example/CN=client' 'DNS:client.example' 1004
leaf revoked rsa '/C=FR/O=Example/CN=revoked' 'DNS:revoked.example' 1005

cat "$work/rsa.crt" "$work/rsa.key" ca.pem > rsa.pem
cat "$work/ecdsa.key" "$work/ecdsa.crt" > ecdsa.pem
cat "$work/second.crt" > second.crt
cp "$work/second.key" second.key
chmod 644 second.key
cat "$work/client.crt" "$work/client.key" > client.pem
cat "$work/revoked.crt" "$work/revoked.key" > revoked.pem
openssl rsa -aes256 -passout pass:secret -in "$work/second.key" -out "$work/enc.key" 2>/dev/null
cat second.crt "$work/enc.key" > encrypted.pem

openssl ca -config "$work/ca.cnf" -cert ca.pem -keyfile "$work/ca.key" -revoke "$work/revoked.crt" 2>/dev/null
openssl ca -gencrl -config "$work/ca.cnf" -cert ca.pem -keyfile "$work/ca.key" -crl_lastupdate $from -crl_nextupdate $to \
  -out ca.crl 2>/dev/null
openssl ocsp -index "$work/index" -rsigner ca.pem -rkey "$work/ca.key" -CA ca.pem -issuer ca.pem -cert "$work/rsa.crt" \
  -ndays 36500 -respout rsa.ocsp -noverify >/dev/null 2>&1

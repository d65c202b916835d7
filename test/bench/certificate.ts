/*
 * The stub shows this over TLS: a certificate of its own, valid for 127.0.0.1 and, since ali-oss asks for that name
 * whatever the endpoint, for OSS's. Its key protects nothing.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
 *       -subj '/CN=the stub of npm run bench' -addext 'subjectAltName=IP:127.0.0.1,DNS:*.oss-cn-hangzhou.aliyuncs.com'
 */

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBkRxFS4OnDMroLdl
SbXOQehaq3ciDHt/HgvoaTlCCAqhRANCAAQoHwjzfE+DCH9M7UbZ6P/M4yoK8hf9
wFCA1TqFEt8oREEcNRfb0Dgpl/iGB27EUHmFWCBFvCJTGsnYxpZwvEeI
-----END PRIVATE KEY-----
`;

export const certificate = `-----BEGIN CERTIFICATE-----
MIIB0jCCAXigAwIBAgIUfiBW8LTaBvWyQNNc3iy59hnhIf0wCgYIKoZIzj0EAwIw
JDEiMCAGA1UEAwwZdGhlIHN0dWIgb2YgbnBtIHJ1biBiZW5jaDAgFw0yNjExMjUy
MjU0NDNaGA8yMTI2MTEwMTIyNTQ0M1owJDEiMCAGA1UEAwwZdGhlIHN0dWIgb2Yg
bnBtIHJ1biBiZW5jaDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCgfCPN8T4MI
f0ztRtno/8zjKgryF/3AUIDVOoUS3yhEQRw1F9vQOCmX+IYHbsRQeYVYIEW8IlMa
ydjGlnC8R4ijgYUwgYIwHQYDVR0OBBYEFCUwXKmpbA4le9mG05mhR9NCWXdjMB8G
A1UdIwQYMBaAFCUwXKmpbA4le9mG05mhR9NCWXdjMA8GA1UdEwEB/wQFMAMBAf8w
LwYDVR0RBCgwJocEfwAAAYIeKi5vc3MtY24taGFuZ3pob3UuYWxpeXVuY3MuY29t
MAoGCCqGSM49BAMCA0gAMEUCIQDa+5GhDckv6k0TjNZCS3cb7nWy+4QeIJy5lgNP
r/SQyQIgLR4of0Qg8rxAvwy528ilknST4mXSMd+rSxG19/wZxl8=
-----END CERTIFICATE-----
`;

/**
 * Client certificates for tests, self-signed, valid from 2026-11-21T14:00:20Z to 2126-10-28, made with OpenSSL; their keys are gone.
 */
export const certificates = {
  /** O=system:masters, O=team, with "comma", CN=jane; for clients. */
  admin: der(
    'MIIB9TCCAZygAwIBAgIUeqV91wn6bjTPnyX961fkLFN80RgwCgYIKoZIzj0EAwIwRTEXMBUGA1UECgwOc3lzdGVtOm1hc3RlcnMx' +
      'GzAZBgNVBAoMEnRlYW0sIHdpdGggImNvbW1hIjENMAsGA1UEAwwEamFuZTAgFw0yNjExMjExNDAwMTFaGA8yMTI2MTAyODE0MDAx' +
      'MVowRTEXMBUGA1UECgwOc3lzdGVtOm1hc3RlcnMxGzAZBgNVBAoMEnRlYW0sIHdpdGggImNvbW1hIjENMAsGA1UEAwwEamFuZTBZ' +
      'MBMGByqGSM49AgEGCCqGSM49AwEHA0IABNOamrwliahtCRjehXNp3YMtMJyci5n3XufRCmXt8FSH0WZQfPDcsfKcWbg5DB289Thh' +
      'VgJCZ/H5ICnmctKAU4SjaDBmMB0GA1UdDgQWBBScLO/X0Gb+uTr9r34ow4EVY8wilzAfBgNVHSMEGDAWgBScLO/X0Gb+uTr9r34o' +
      'w4EVY8wilzAPBgNVHRMBAf8EBTADAQH/MBMGA1UdJQQMMAoGCCsGAQUFBwMCMAoGCCqGSM49BAMCA0cAMEQCIC4Gob9FnI1SCNG2' +
      'JQaTfeZUnC/2OvnQO6as4UBv7KP7AiBwkpRNZl1pstKG+KS3m5AVY3PG86RaK3iT3vADLP4DBg==',
  ),
  /** CN=web; for servers only. */
  server: der(
    'MIIBiTCCAS6gAwIBAgIUFP7tNvBZ03TduvKQr4PhiJCzz2IwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDd2ViMCAXDTI2MTEyMTE0' +
      'MDAxMVoYDzIxMjYxMDI4MTQwMDExWjAOMQwwCgYDVQQDDAN3ZWIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATo7FWYopmvxye1' +
      'H/dZkdpm+I79OOYMGbjKLFdV3nPXE8zXYsbA10GYbR5srX6hmsaGsBgRlNhaaCjcpSn4en+wo2gwZjAdBgNVHQ4EFgQURLcLiGYj' +
      'XuJueMwngby5M0vsJygwHwYDVR0jBBgwFoAURLcLiGYjXuJueMwngby5M0vsJygwDwYDVR0TAQH/BAUwAwEB/zATBgNVHSUEDDAK' +
      'BggrBgEFBQcDATAKBggqhkjOPQQDAgNJADBGAiEA9d1xZMV1PkUt/vPqyQydj5NG/HqGApHr/y6aCNQylfwCIQDPAe0SYdv8c2+V' +
      'Pdxze3HKoIa/ZMRPjkUnjB9GZxtFnQ==',
  ),
  /** O=nobody, no common name; for clients. */
  nameless: der(
    'MIIBjzCCATSgAwIBAgIUH+ez6cbldWzFFuiU3MUS98PqrgkwCgYIKoZIzj0EAwIwETEPMA0GA1UECgwGbm9ib2R5MCAXDTI2MTEy' +
      'MTE0MDAxMVoYDzIxMjYxMDI4MTQwMDExWjARMQ8wDQYDVQQKDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQHHVO3' +
      'RftVFPjEky581x6E0fO8QYacOlVyIzES7WcuORV55DLZY2Gwpi2u+sFVyoLbCquE3o5LiG2H2PK1x9o/o2gwZjAdBgNVHQ4EFgQU' +
      '39BP8c+bMrBn0wYpiA95dL6/xewwHwYDVR0jBBgwFoAU39BP8c+bMrBn0wYpiA95dL6/xewwDwYDVR0TAQH/BAUwAwEB/zATBgNV' +
      'HSUEDDAKBggrBgEFBQcDAjAKBggqhkjOPQQDAgNJADBGAiEAiqzTbZZIJRA4DodY/d86wd2XrTq+9pgjLgxrbJMESmQCIQCeJmmz' +
      'cVBgXqbbUOmH5nnfDkYy345ifXXzokFSdrq9YQ==',
  ),
  /** CN=bob with a uid attribute 1234-uid; for clients. */
  uid: der(
    'MIIBiTCCAS6gAwIBAgIUBI/vUfKNkxKv5u2dVOCM2bgUUZowCgYIKoZIzj0EAwIwJzEMMAoGA1UEAwwDYm9iMRcwFQYJKwYBBAGD' +
      'wlMCDAgxMjM0LXVpZDAgFw0yNjExMjExNDAwMjBaGA8yMTI2MTAyODE0MDAyMFowJzEMMAoGA1UEAwwDYm9iMRcwFQYJKwYBBAGD' +
      'wlMCDAgxMjM0LXVpZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKgCDpecxO0wlInc5Nq5FRF6rSXUkyMe3+PbL+SGDJthuMYp' +
      'WaW1BE22X4/yY5bO5Ad3utQ7p3IrNTCiN2pWecKjNjA0MBMGA1UdJQQMMAoGCCsGAQUFBwMCMB0GA1UdDgQWBBTQtmOI3cSmCKaO' +
      'J9DhU5C4DLhk2jAKBggqhkjOPQQDAgNJADBGAiEA8xde/RwoZKEYXnNh1vFNnd0FQ71LXJox00+7klXxdWYCIQCQ5jTxbIdIHY2F' +
      'z3I2JIQk68ap4x/Y1dUwaSzAOrhXUw==',
  ),
};

function der(base64: string): Uint8Array {
  return Buffer.from(base64, 'base64');
}

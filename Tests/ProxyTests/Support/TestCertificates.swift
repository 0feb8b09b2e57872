import NIOSSL

/// An authority of the tests' own, and two servers that it vouches for. Made for the tests, of no use elsewhere.
enum TestCertificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUOgAwIBAgIUHiy4XGcU3Xz9qRnfFovk9jVxijswCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYU2FsbHlwb3J0IHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyNDE0
        NDkxMFoYDzIxMjYxMDMxMTQ0OTEwWjAjMSEwHwYDVQQDDBhTYWxseXBvcnQgdGVz
        dCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR4AP5+eCXAMQ8m
        KsEDHcwH2e3i4UN0cKRJV+rcc5EaUkl2mvxZ1Fp4UfuHlCQX0XL21lcEXt8oCX0D
        fjbvBKpso1MwUTAdBgNVHQ4EFgQUUO5zkmBNUHErmvSt+d7KPQShzcEwHwYDVR0j
        BBgwFoAUUO5zkmBNUHErmvSt+d7KPQShzcEwDwYDVR0TAQH/BAUwAwEB/zAKBggq
        hkjOPQQDAgNHADBEAiA7SL24az+N6GY7fxlHgbc/BK89TGIkzFf3xtGZbECrtQIg
        NIgWp1K/sg04Lj/nYdGYVaDeESu5ptN4gg3fSMHOYMk=
        -----END CERTIFICATE-----
        """

    /// For `localhost` and 127.0.0.1.
    static let right = """
        -----BEGIN CERTIFICATE-----
        MIIBlTCCATugAwIBAgIUXtN5MKlRNlUCPb22H7y/pqAoB9IwCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYU2FsbHlwb3J0IHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyNDE0
        NDkxMFoYDzIxMjYxMDMxMTQ0OTEwWjAQMQ4wDAYDVQQDDAVyaWdodDBZMBMGByqG
        SM49AgEGCCqGSM49AwEHA0IABEr4XhZLQy43hkRuzoGucdJ/TrrfsjgeUAWUhOtQ
        Zp5zzFv6Q0iaBqRXZg1DeswY1+vNjHAyRTWytnldvlV4BcOjXjBcMBoGA1UdEQQT
        MBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQUPU1VwMuqvdsBCDJUWK6OudCV
        8cAwHwYDVR0jBBgwFoAUUO5zkmBNUHErmvSt+d7KPQShzcEwCgYIKoZIzj0EAwID
        SAAwRQIgbJpU/TbEuoB6lXO5xL5P2RcD2YUb8kidKAJpNNJRpPoCIQCWsgRHJTFG
        AkguCBo8uva7HAuoNEM2hOF5keX7M49q8Q==
        -----END CERTIFICATE-----
        """

    static let rightKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZMSUV4liMn/ZtN8W
        pjaV8NLyTSneQPSPftuss43dLd6hRANCAARK+F4WS0MuN4ZEbs6BrnHSf06637I4
        HlAFlITrUGaec8xb+kNImgakV2YNQ3rMGNfrzYxwMkU1srZ5Xb5VeAXD
        -----END PRIVATE KEY-----
        """

    /// For `other.example`.
    static let wrong = """
        -----BEGIN CERTIFICATE-----
        MIIBkzCCATmgAwIBAgIUXtN5MKlRNlUCPb22H7y/pqAoB9MwCgYIKoZIzj0EAwIw
        IzEhMB8GA1UEAwwYU2FsbHlwb3J0IHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyNDE0
        NDkxMVoYDzIxMjYxMDMxMTQ0OTExWjAQMQ4wDAYDVQQDDAV3cm9uZzBZMBMGByqG
        SM49AgEGCCqGSM49AwEHA0IABEY66eRpvgazMvOZgj4OcR6prWs1+Y0nWPjxHUVO
        2vfnNWPbrX8o53UE5X6SGcIwLeiRoqO+dgsMUDQjFH017vmjXDBaMBgGA1UdEQQR
        MA+CDW90aGVyLmV4YW1wbGUwHQYDVR0OBBYEFPwJZyKugK1GZcUtzyZRAuY5/062
        MB8GA1UdIwQYMBaAFFDuc5JgTVBxK5r0rfneyj0Eoc3BMAoGCCqGSM49BAMCA0gA
        MEUCIQCLWJxX4z7rVUEV8hLjL1nN3hMs4M0gmbrHB+GTiY9AMQIgCzqTE6iLyNSF
        N6ka9oIgSOJKdooSCLz5YlU8jTjVeaA=
        -----END CERTIFICATE-----
        """

    static let wrongKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/hGffj9acM5iFnMH
        /0yzVM5k9iYXJtxPJC82X3UmwHehRANCAARGOunkab4GszLzmYI+DnEeqa1rNfmN
        J1j48R1FTtr35zVj261/KOd1BOV+khnCMC3okaKjvnYLDFA0IxR9Ne75
        -----END PRIVATE KEY-----
        """

    static func serverContext(
        _ certificate: String = right, _ key: String = rightKey, maximum: TLSVersion? = nil
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let privateKey = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = maximum
        return try NIOSSLContext(configuration: configuration)
    }

    static func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }
}

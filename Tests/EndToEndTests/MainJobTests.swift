import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The main job: link an account, keep it, call through it")
    struct MainJobTests {
        @Test func `S/4HANA with Basic: refuses a wrong password, links, reads and writes`() async throws {
            let sap = try await Peers.basicSAP.value
            try await Site.with { site in
                try await site.serving { instance in
                    let tenant = try await instance.tenant("Müller Maschinenbau")
                    let integration = try await instance.integration(
                        "s4", "sap-s4hana-basic", [("base_url", "http://{host}")])
                    let wrong = try await instance.api(
                        "POST", "/v1/connections",
                        instance.basicAccount(tenant, integration, port: sap.port, password: "wrong"))
                    #expect(wrong.status == 422 && wrong.code == "verification_failed", "\(wrong)")
                    #expect(try wrong.json["failure"]?.string == "credential_refused")
                    #expect(try wrong.json["upstream_status"]?.int == 401)
                    #expect(try await site.count("select count(*) from sallyport.connections") == 0)
                    #expect(try await site.count("select count(*) from sallyport.credentials") == 0)

                    let connection = try await instance.create(
                        "/v1/connections",
                        instance.basicAccount(tenant, integration, port: sap.port, password: Peers.password))
                    let token = try await instance.callerToken(tenant)
                    try await Self.readPartners(instance, connection, token)
                    try await Self.writePartner(instance, connection, token)
                    let fetched = try await instance.fetchToken(connection, token: token)
                    #expect(fetched.status == 403 && fetched.code == "token_not_fetchable", "\(fetched)")
                }
            }
        }

        @Test func `either listener issues caller tokens, records each, and refuses alike`() async throws {
            try await Site.with { site in
                try await site.serving { instance in
                    let tenant = try await instance.tenant("Nordwind")
                    var refusals: [String] = []
                    for port in [instance.control, instance.data] {
                        let issued = try await instance.tokenAnswer(tenant, key: instance.key, port: port)
                        #expect(issued.status == 200 && issued.header("cache-control") == "no-store", "\(issued)")
                        let token = try issued.json["access_token"]?.string ?? ""
                        // There is no such connection; what matters is that the token was taken.
                        let used = try await instance.fetchToken("conn_01kat0c3m0e9y8x4t5v6w7z8ab", token: token)
                        #expect(used.status == 404 && used.code == "connection_not_found", "\(used)")
                        let refused = try await instance.tokenAnswer(tenant, key: instance.key + "x", port: port)
                        #expect(refused.status == 401 && refused.header("www-authenticate") != nil, "\(refused)")
                        refusals.append(refused.text)
                    }
                    #expect(refusals.first == refusals.last)
                    #expect(try await instance.auditEvents("caller_token.issued").count == 2)
                }
            }
        }

        @Test func `S/4HANA with client credentials: the token is obtained, used, and given out where allowed`()
            async throws
        {
            let sap = try await Peers.oauthSAP.value
            try await Site.with { site in
                try await site.serving { instance in
                    let tenant = try await instance.tenant("Nordwind")
                    let integration = try await instance.integration(
                        "s4", "sap-s4hana-oauth-client-credentials",
                        [
                            ("base_url", "http://{host}"), ("token_url", "http://{host}/sap/bc/sec/oauth2/token"),
                            ("allows_token_fetch", true),
                        ])
                    let wrong = try await instance.api(
                        "POST", "/v1/connections",
                        instance.oauthAccount(tenant, integration, port: sap.port, secret: "wrong"))
                    #expect(wrong.status == 422 && wrong.code == "verification_failed", "\(wrong)")
                    #expect(try await site.count("select count(*) from sallyport.connections") == 0)

                    let connection = try await instance.create(
                        "/v1/connections",
                        instance.oauthAccount(tenant, integration, port: sap.port, secret: Peers.clientSecret))
                    let token = try await instance.callerToken(tenant)
                    try await Self.readPartners(instance, connection, token)
                    try await Self.writePartner(instance, connection, token)
                    let fetched = try await instance.fetchToken(connection, token: token)
                    #expect(fetched.status == 200, "\(fetched)")
                    #expect(fetched.header("cache-control") == "no-store")
                    let upstream = try #require(try fetched.json["access_token"]?.string)
                    let direct = try await WireHTTP.send(
                        "GET", "\(Peers.partners)?$top=1&$format=json", port: sap.port,
                        headers: ["Authorization: Bearer \(upstream)", "sap-client: 100"])
                    #expect(direct.status == 200, "\(direct)")
                }
            }
        }

        @Test func `any OAuth 2.0 server: nanoidp knows whose token it is`() async throws {
            let server = try await Peers.identityProvider.value
            try await Site.with { site in
                try await site.serving { instance in
                    let tenant = try await instance.tenant("t")
                    _ = try await instance.integration("idp", "generic-oauth2-client-credentials")
                    let base = "http://127.0.0.1:\(server.port)"
                    func account(_ secret: JSONValue) -> JSONValue {
                        [
                            "tenant_id": .string(tenant), "integration": "idp",
                            "fields": [
                                "base_url": .string(base), "token_url": .string(base + "/token"),
                                "client_id": "demo-client", "verification_path": "/userinfo",
                            ],
                            "secrets": ["client_secret": secret],
                        ]
                    }
                    let wrong = try await instance.api("POST", "/v1/connections", account("wrong"))
                    #expect(wrong.status == 422, "\(wrong)")
                    #expect(try wrong.json["failure"]?.string == "token_invalid_client", "\(wrong)")
                    let connection = try await instance.create("/v1/connections", account("demo-secret"))
                    let answer = try await instance.proxy(
                        connection, "/userinfo", token: try await instance.callerToken(tenant))
                    #expect(answer.status == 200, "\(answer)")
                    #expect(try answer.json["sub"]?.string == "demo-client")
                }
            }
        }

        private static func readPartners(_ instance: Instance, _ connection: String, _ token: String) async throws {
            let answer = try await instance.proxy(
                connection, "\(Peers.partners)?$top=3&$format=json", token: token)
            #expect(answer.status == 200, "\(answer)")
            #expect(answer.header("set-cookie") == nil)
            #expect(try answer.json["d"]?["results"]?.elements?.count == 3)
        }

        /// mock-sap refuses a modifying request without its anti-forgery token.
        private static func writePartner(_ instance: Instance, _ connection: String, _ token: String) async throws {
            let partner: JSONValue = [
                "BusinessPartnerCategory": "2", "BusinessPartnerGrouping": "0001", "OrganizationBPName1": "Demo GmbH",
            ]
            let answer = try await instance.proxy(
                connection, "\(Peers.partners)?$format=json", method: "POST", token: token,
                headers: ["Content-Type: application/json", "Accept: application/json"], body: partner.encoded)
            #expect(answer.status == 201, "\(answer)")
            #expect(answer.header("x-csrf-token") == nil)
            #expect(try answer.json["d"]?["OrganizationBPName1"]?.string == "Demo GmbH")
        }
    }
}

import Glibc
import Postgres
import PostgresCluster
import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("doctor finds what is wrong and says how to mend it")
    struct DoctorTests {
        @Test func `nothing is wrong with a good installation`() async throws {
            try await OwnCluster.with { _, site in
                let (status, findings) = try await Self.findings(site)
                #expect(status == 0)
                #expect(findings.allSatisfy { $0["outcome"]?.string != "failed" }, "\(findings)")
                let checks = Set(findings.compactMap { $0["check"]?.string })
                let wanted: Set = [
                    "database", "schema", "role", "row-level security", "clock", "root key", "outbound TLS",
                    "secret memory",
                    "control listener", "data listener", "durability", "refreshes", "refresh settings", "refresh spool",
                ]
                #expect(wanted.isSubset(of: checks), "\(wanted.subtracting(checks))")
            }
        }

        @Test func `each fault that is planted in the database`() async throws {
            try await OwnCluster.with { _, site in
                let faults: [(check: String, plant: String, mend: String, hint: String)] = [
                    (
                        "row-level security", "ALTER TABLE sallyport.credentials DISABLE ROW LEVEL SECURITY",
                        "ALTER TABLE sallyport.credentials ENABLE ROW LEVEL SECURITY", "credentials"
                    ),
                    (
                        "row-level security", "ALTER TABLE sallyport.tenants NO FORCE ROW LEVEL SECURITY",
                        "ALTER TABLE sallyport.tenants FORCE ROW LEVEL SECURITY", "tenants"
                    ),
                    (
                        "role", "ALTER ROLE sallyport_service BYPASSRLS", "ALTER ROLE sallyport_service NOBYPASSRLS",
                        "nobypassrls"
                    ),
                    (
                        "role", "ALTER ROLE sallyport_service SUPERUSER", "ALTER ROLE sallyport_service NOSUPERUSER",
                        "nosuperuser"
                    ),
                    (
                        "role", "GRANT sallyport_owner TO sallyport_service",
                        "REVOKE sallyport_owner FROM sallyport_service",
                        "alter role"
                    ),
                    (
                        "durability", "ALTER ROLE sallyport_service SET synchronous_commit = off",
                        "ALTER ROLE sallyport_service RESET synchronous_commit", "reset synchronous_commit"
                    ),
                ]
                for fault in faults {
                    try await site.superuser.script(fault.plant)
                    try await Self.expectFailure(site, fault.check, hint: fault.hint, fault.plant)
                    try await site.superuser.script(fault.mend)
                    let (status, _) = try await Self.findings(site)
                    #expect(status == 0, "mended: \(fault.mend)")
                }
            }
        }

        @Test func `a pending migration`() async throws {
            try await OwnCluster.withDatabase { cluster, superuser in
                try await TestDirectory.with { directory in
                    try await Binary.succeed(["root-key", "create", directory + "/root.key"])
                    let site = Site(
                        directory: directory,
                        databaseURL: cluster.connectionString(database: "sallyport", user: OwnCluster.service),
                        superuser: superuser, superuserURL: "", key: "")
                    try await Self.expectFailure(site, "schema", hint: "sallyport migrate", "no schema")
                }
            }
        }

        @Test func `a spool that can't be used, or that waits for somebody`() async throws {
            try await OwnCluster.with { _, site in
                let spool = site.directory + "/spool-of-doctor"
                func findings(_ more: [String] = []) async throws -> (status: Int32, JSONValue?) {
                    let (status, findings) = try await Self.findings(
                        site, ["--set", "refresh.spool_directory=\(spool)"] + more)
                    return (status, findings.last { $0["check"]?.string == "refresh spool" })
                }
                let missing = try await findings()
                #expect(missing.status == 0 && missing.1?["detail"]?.string?.contains("made at start") ?? false)

                try TextFiles.write("a file", to: spool)
                let file = try await findings()
                #expect(file.status == 1 && file.1?["outcome"]?.string == "failed", "\(file)")
                _ = unsafe Glibc.unlink(spool)

                let made = unsafe Glibc.mkdir(spool, 0o755)
                #expect(made == 0)
                let open = try await findings()
                #expect(open.status == 1 && open.1?["mend"]?.string == "chmod 700 \(spool)", "\(open)")
                TextFiles.setMode(spool, 0o700)
                let empty = try await findings()
                #expect(empty.status == 0 && empty.1?["outcome"]?.string == "ok", "\(empty)")

                let killed = try await site.start(["refresh.spool_directory": spool])
                let running = try await findings()
                #expect(running.1?["detail"]?.string?.contains("1 of them of running instances") ?? false, "\(running)")
                try await killed.process.killNow()
                let left = try await findings()
                #expect(left.status == 0 && left.1?["outcome"]?.string == "warning", "\(left)")
                #expect(left.1?["mend"]?.string?.contains("start an instance") ?? false, "\(left)")
            }
        }

        @Test func `a lease that ends before its request, and serve refuses it too`() async throws {
            try await OwnCluster.with { _, site in
                let short = ["--set", "refresh.lease=5s", "--set", "refresh.request_timeout=10s"]
                let (status, findings) = try await Self.findings(site, short)
                #expect(status == 1)
                let finding = findings.first { $0["check"]?.string == "refresh settings" }
                #expect(finding?["detail"]?.string?.contains("refresh.lease") ?? false)
                let serving = try site.launch(["refresh.lease": "5s", "refresh.request_timeout": "10s"])
                defer { serving.process.kill(9) }
                #expect(try await serving.process.exitStatus() == 78)
            }
        }

        @Test func `a root key that others can read, that is missing or that is no key`() async throws {
            try await OwnCluster.with { _, site in
                TextFiles.setMode(site.rootKeyFile, 0o644)
                try await Self.expectFailure(site, "root key", hint: "chmod 600", "mode 0644")
                let serving = try site.launch()
                defer { serving.process.kill(9) }
                #expect(try await serving.process.exitStatus() == 78, "serve refuses it too")
                TextFiles.setMode(site.rootKeyFile, 0o600)
                let (status, _) = try await Self.findings(site)
                #expect(status == 0)
                for (file, what) in [("/nowhere/root.key", "missing"), (site.keyFile, "no key")] {
                    let (code, findings) = try await Self.findings(site, ["--set", "root_key.file=\(file)"])
                    #expect(code == 1, "\(what)")
                    let finding = findings.first { $0["check"]?.string == "root key" }
                    #expect(finding?["outcome"]?.string == "failed", "\(what)")
                }
            }
        }

        @Test func `a database that is away`() async throws {
            try await OwnCluster.with { cluster, site in
                try await cluster.stop(mode: .immediate)
                try await Self.expectFailure(site, "database", hint: "database.url", "stopped")
                try await cluster.start()
            }
        }

        @Test func `listeners without TLS, and certificates that don't fit or have ended`() async throws {
            try await OwnCluster.with { _, site in
                let plain = try await Self.findings(site, ["--set", "control.host=0.0.0.0"])
                #expect(plain.status == 1)
                let pair = CertificatePair(directory: site.directory)
                try await pair.make("a")
                let other = CertificatePair(directory: site.directory, name: "other")
                try await other.make("b")
                func tls(_ certificate: String, _ key: String) -> [String] {
                    ["--set", "data.tls.certificate_file=\(certificate)", "--set", "data.tls.key_file=\(key)"]
                }
                #expect(try await Self.findings(site, tls(pair.certificate, pair.key)).status == 0)
                let mixed = try await Self.findings(site, tls(pair.certificate, other.key))
                #expect(mixed.status == 1)
                #expect(mixed.findings.contains { $0["mend"]?.string?.contains("belongs together") ?? false })
                TextFiles.setMode(pair.key, 0o644)
                let readable = try await Self.findings(site, tls(pair.certificate, pair.key))
                #expect(readable.status == 1)
                #expect(readable.findings.contains { $0["mend"]?.string == "chmod 600 \(pair.key)" })
            }
        }

        private static func expectFailure(_ site: Site, _ check: String, hint: String, _ what: String) async throws {
            let (status, findings) = try await findings(site)
            #expect(status == 1, "\(what)")
            let failed = findings.filter { $0["outcome"]?.string == "failed" }
            let finding = failed.first { $0["check"]?.string == check }
            let text = (finding?["detail"]?.string ?? "") + (finding?["mend"]?.string ?? "")
            #expect(finding != nil && text.contains(hint), "\(what): \(failed)")
            #expect(failed.allSatisfy { !($0["mend"]?.string ?? "").isEmpty }, "\(what)")
            let people = try await Binary.run(["doctor"] + site.settings)
            #expect(people.status == 1 && people.output.contains("FAILED") && people.output.contains("→"), "\(what)")
        }

        private static func findings(
            _ site: Site, _ more: [String] = []
        ) async throws -> (status: Int32, findings: [JSONValue]) {
            let ending = try await Binary.run(["doctor", "--json"] + site.settings + more)
            let document = try JSONValue.parse(Array(ending.output.utf8))
            return (ending.status, try #require(document?["result"]?.elements, "\(ending)"))
        }
    }
}

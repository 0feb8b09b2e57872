import Foundation

/// A small authority and the leaf certificates that tests need, made once by the `openssl` program.
struct TestCertificates: Sendable {
    let directory: TemporaryDirectory
    /// PEM of the authority, of a second one that signed nothing here, and of the self-signed server.
    let authority: String
    let stranger: String
    let selfSigned: String

    static let shared = Result { try TestCertificates() }

    private init() throws {
        directory = try TemporaryDirectory(isShared: true)
        try Self.makeAuthority("ca", directory)
        try Self.makeAuthority("stranger", directory)
        try Self.makeLeaf("good", "DNS:localhost,IP:127.0.0.1", days: ("20200101000000Z", "20490101000000Z"), directory)
        try Self.makeLeaf("wrong", "DNS:elsewhere.example", days: ("20200101000000Z", "20490101000000Z"), directory)
        try Self.makeLeaf(
            "expired", "DNS:localhost,IP:127.0.0.1", days: ("20200101000000Z", "20210101000000Z"), directory)
        try Self.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key -out self.crt -days 30 -subj",
            ["/CN=self", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], directory)
        authority = try directory.read("ca.crt")
        stranger = try directory.read("stranger.crt")
        selfSigned = try directory.read("self.crt")
    }

    private static func makeAuthority(_ name: String, _ directory: TemporaryDirectory) throws {
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key -out \(name).crt -days 30 -subj",
            ["/CN=\(name)"], directory)
    }

    private static func makeLeaf(
        _ name: String, _ names: String, days: (String, String), _ directory: TemporaryDirectory
    ) throws {
        try directory.write(
            """
            [ca]
            default_ca = here
            [here]
            database = \(name).index
            serial = \(name).serial
            new_certs_dir = .
            default_md = sha256
            policy = any
            x509_extensions = leaf
            unique_subject = no
            [any]
            commonName = supplied
            [leaf]
            subjectAltName = \(names)
            """, to: "\(name).cnf")
        try directory.write("", to: "\(name).index")
        try directory.write(String(Int.random(in: 0x10...0xFF), radix: 16).uppercased() + "\n", to: "\(name).serial")
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key -out \(name).csr -subj",
            ["/CN=\(name)"], directory)
        try openssl(
            "ca -batch -notext -config \(name).cnf -cert ca.crt -keyfile ca.key -in \(name).csr -out \(name).crt"
                + " -startdate \(days.0) -enddate \(days.1)", [], directory)
    }

    private static func openssl(_ line: String, _ more: [String], _ directory: TemporaryDirectory) throws {
        try ChildProcess.run(
            "/usr/bin/openssl", line.split(separator: " ").map(String.init) + more, directory: directory.url)
    }
}

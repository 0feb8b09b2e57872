import Foundation

/// nginx on random ports: plain, and over TLS with each of the test certificates.
final class NginxServer: Sendable {
    let plain: UInt16
    let good: UInt16
    let wrongName: UInt16
    let expired: UInt16
    let selfSigned: UInt16
    let certificates: TestCertificates
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Bytes of `/large`.
    static let largeBytes = 64 << 20

    /// One for all tests of a run.
    static let shared = Result { try NginxServer() }

    private init() throws {
        certificates = try TestCertificates.shared.get()
        directory = try TemporaryDirectory(isShared: true)
        let ports = try (0..<5).map { _ in try freePort() }
        (plain, good, wrongName, expired, selfSigned) = (ports[0], ports[1], ports[2], ports[3], ports[4])
        let keys = certificates.directory
        let tls = zip(ports[1...], ["good", "wrong", "expired", "self"]).map { port, name in
            """
            server { listen 127.0.0.1:\(port) ssl;
              ssl_certificate \(keys.file("\(name).crt"));
              ssl_certificate_key \(keys.file("\(name).key"));
              \(Self.locations) }
            """
        }
        try directory.write(
            """
            daemon off; master_process off; pid nginx.pid; error_log /dev/null;
            events { worker_connections 1024; }
            http {
              access_log off; client_max_body_size 0; keepalive_requests 100000;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi; scgi_temp_path scgi;
              root \(directory.file("root"));
              server { listen 127.0.0.1:\(plain); \(Self.locations) }
              \(tls.joined(separator: "\n"))
            }
            """, to: "nginx.conf")
        try FileManager.default.createDirectory(atPath: directory.file("root"), withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: directory.file("root/large"), contents: nil) else {
            throw PeerError.cannotStart("nginx")
        }
        try FileHandle(forWritingTo: directory.url.appending(path: "root/large")).truncate(
            atOffset: UInt64(Self.largeBytes))
        process = try ChildProcess(
            "/usr/sbin/nginx", ["-p", directory.file("."), "-c", directory.file("nginx.conf")], directory: directory.url
        )
        try waitUntilListening(on: selfSigned)
    }

    private static let locations = """
        location = /hello { add_header X-Connection $connection; default_type text/plain; return 200 'hello'; }
        location = /echo { default_type text/plain; return 200 $http_x_key; }
        location = /moved { return 302 http://169.254.169.254/; }
        """
}

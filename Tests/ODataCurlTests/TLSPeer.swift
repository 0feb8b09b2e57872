import Foundation
import Glibc

/// nginx over TLS with a certificate of a small authority, HTTP/2 offered; on one of its ports a client certificate is
/// wanted.
final class CurlTLSPeer: Sendable {
    let port: Int
    let clientPort: Int
    private let directory: URL
    private let process = Process()
    /// The shell between us waits for the end of its input, which is the end of this process too.
    private let lifeline = Pipe()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "odata-curl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        (port, clientPort) = (try CurlRawServer.closedPort(), try CurlRawServer.closedPort())
        try makeCertificates()
        try configuration().write(to: directory.appending(path: "nginx.conf"), atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", #""$@" </dev/null & child=$!; read -r line; kill -9 $child"#, "sh", "/usr/sbin/nginx", "-p",
            file("."), "-c",
            file("nginx.conf"),
        ]
        process.standardInput = lifeline
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func file(_ name: String) -> String { directory.appending(path: name).path(percentEncoded: false) }

    func stop() {
        try? lifeline.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private func configuration() -> String {
        let certificate = "ssl_certificate \(file("leaf.crt")); ssl_certificate_key \(file("leaf.key"));"
        let location = "location / { default_type text/plain; return 200 '$server_protocol $ssl_client_s_dn'; }"
        return """
            daemon off; master_process off; pid nginx.pid; error_log /dev/null;
            events { worker_connections 64; }
            http {
              access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi; scgi_temp_path scgi;
              server { listen 127.0.0.1:\(port) ssl http2; \(certificate) \(location) }
              server { listen 127.0.0.1:\(clientPort) ssl http2; ssl_client_certificate \(file("ca.crt")); ssl_verify_client on;
                \(certificate) \(location) }
            }
            """
    }

    private func makeCertificates() throws {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
        for name in ["ca", "stranger"] {
            try openssl("req -x509 \(key) -nodes -keyout \(name).key -out \(name).crt -days 2 -subj /CN=\(name)")
        }
        try openssl(
            "req \(key) -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf -addext subjectAltName=IP:127.0.0.1")
        try openssl("req \(key) -passout pass:sesame -keyout client.key -out client.csr -subj /CN=client")
        for name in ["leaf", "client"] {
            try openssl(
                "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out \(name).crt"
            )
        }
    }

    private func openssl(_ line: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = line.split(separator: " ").map(String.init)
        process.currentDirectoryURL = directory
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CurlRawServerFailure() }
    }
}

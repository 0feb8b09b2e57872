import Domain

/// Where plain HTTP may be served: on loopback, or where the operator says so.
enum ListenerRules {
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        guard let address = IPAddress(host) else { return false }
        return [CIDR("127.0.0.0/8"), CIDR("::1/128")].compactMap(\.self).contains { $0.contains(address) }
    }

    /// The certificates of a listener, or nil for plain HTTP where that is allowed.
    static func certificateFiles(
        _ name: String, _ settings: Settings
    ) throws(SettingsError) -> (chain: String, key: String)? {
        let chain = settings.text("\(name).tls.certificate_file")
        let key = settings.text("\(name).tls.key_file")
        switch (chain, key) {
        case (let chain?, let key?): return (chain, key)
        case (nil, nil):
            let host = settings.text("\(name).host") ?? ""
            guard isLoopback(host) || settings.boolean("\(name).allow_plain_http") else {
                throw .refused(
                    "\(name).host is \(host), which is not loopback: set \(name).tls.certificate_file and "
                        + "\(name).tls.key_file, or \(name).allow_plain_http=true behind a proxy that ends TLS")
            }
            return nil
        case (_?, nil), (nil, _?):
            throw .refused("\(name).tls.certificate_file and \(name).tls.key_file belong together")
        }
    }
}

internal import CCurl

/// libcurl's process-wide state; initialised once, before its first other call. A second user in the process does the
/// same, which libcurl counts.
enum CurlLibrary {
    /// 7.87.0, which leaves a stuck name resolution behind instead of waiting for it.
    private static let minimumVersion: UInt32 = 0x07_57_00

    static let isReady: Bool =
        sp_curl_version_number() >= minimumVersion && sp_curl_uses_openssl() == 1
        && sp_curl_global_init() == CURLE_OK
}

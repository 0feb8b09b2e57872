internal import CCurl

/// libcurl's process-wide state; it must be initialised once, before its first other call.
enum CurlLibrary {
    /// 7.87.0, which leaves a stuck name resolution behind instead of waiting for it.
    private static let minimumVersion: UInt32 = 0x07_57_00

    /// Evaluated once, before any handle is made. libcurl's allocator is replaced by one that wipes what it frees:
    /// its copies of headers, URLs and bodies hold secrets.
    static let isReady: Bool =
        sp_curl_version_number() >= minimumVersion && sp_curl_uses_openssl() == 1
        && sp_curl_global_init() == CURLE_OK
}

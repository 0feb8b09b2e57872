/// The header names that the proxy treats in a way of its own; everything else is `other` and passes.
enum HeaderName: UInt8, CaseIterable, Sendable {
    case other
    case host, contentLength, transferEncoding, connection, expect
    case keepAlive, proxyConnection, te, trailer, trailers, upgrade, http2Settings, proxyAuthorization
    case authorization, sallyportToken, cookie, cookie2
    case forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xForwardedServer
    case xForwardedPrefix, xForwardedScheme, xForwardedSSL, xForwardedUser, xForwardedEmail
    case xForwardedClientCert, xOriginalURL, xOriginalHost, xRewriteURL, xRealIP, xClientIP, xClusterClientIP
    case trueClientIP, via
    case requestID, traceparent
    case methodOverride, httpMethod, httpMethodOverride
    case setCookie, setCookie2, wwwAuthenticate, proxyAuthenticate, authenticationInfo, proxyAuthenticationInfo
    case altSvc, strictTransportSecurity, clearSiteData, publicKeyPins, publicKeyPinsReportOnly
    case location, retryAfter

    /// Lower case, as it is compared and written.
    var text: String {
        switch self {
        case .other: ""
        case .host: "host"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .connection: "connection"
        case .expect: "expect"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .te: "te"
        case .trailer: "trailer"
        case .trailers: "trailers"
        case .upgrade: "upgrade"
        case .http2Settings: "http2-settings"
        case .proxyAuthorization: "proxy-authorization"
        case .authorization: "authorization"
        case .sallyportToken: "x-sallyport-token"
        case .cookie: "cookie"
        case .cookie2: "cookie2"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedPort: "x-forwarded-port"
        case .xForwardedServer: "x-forwarded-server"
        case .xForwardedPrefix: "x-forwarded-prefix"
        case .xForwardedScheme: "x-forwarded-scheme"
        case .xForwardedSSL: "x-forwarded-ssl"
        case .xForwardedUser: "x-forwarded-user"
        case .xForwardedEmail: "x-forwarded-email"
        case .xForwardedClientCert: "x-forwarded-client-cert"
        case .xOriginalURL: "x-original-url"
        case .xOriginalHost: "x-original-host"
        case .xRewriteURL: "x-rewrite-url"
        case .xRealIP: "x-real-ip"
        case .xClientIP: "x-client-ip"
        case .xClusterClientIP: "x-cluster-client-ip"
        case .trueClientIP: "true-client-ip"
        case .via: "via"
        case .requestID: "x-request-id"
        case .traceparent: "traceparent"
        case .methodOverride: "x-method-override"
        case .httpMethod: "x-http-method"
        case .httpMethodOverride: "x-http-method-override"
        case .setCookie: "set-cookie"
        case .setCookie2: "set-cookie2"
        case .wwwAuthenticate: "www-authenticate"
        case .proxyAuthenticate: "proxy-authenticate"
        case .authenticationInfo: "authentication-info"
        case .proxyAuthenticationInfo: "proxy-authentication-info"
        case .altSvc: "alt-svc"
        case .strictTransportSecurity: "strict-transport-security"
        case .clearSiteData: "clear-site-data"
        case .publicKeyPins: "public-key-pins"
        case .publicKeyPinsReportOnly: "public-key-pins-report-only"
        case .location: "location"
        case .retryAfter: "retry-after"
        }
    }

    /// Whether a caller's header of this name stays behind: it belongs to one hop, carries the caller's own credentials,
    /// speaks for the caller's network, or is written anew.
    var staysWithCaller: Bool {
        switch self {
        case .other, .methodOverride, .httpMethod, .httpMethodOverride, .location, .retryAfter: false
        case .setCookie, .setCookie2, .wwwAuthenticate, .authenticationInfo: false
        case .proxyAuthenticationInfo, .altSvc, .strictTransportSecurity, .clearSiteData: false
        case .publicKeyPins, .publicKeyPinsReportOnly: false
        case .proxyAuthenticate, .host, .contentLength, .transferEncoding, .connection, .expect: true
        case .keepAlive, .proxyConnection, .te, .trailer, .trailers, .upgrade, .http2Settings: true
        case .proxyAuthorization, .authorization, .sallyportToken, .cookie, .cookie2: true
        case .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort: true
        case .xForwardedServer, .xForwardedPrefix, .xForwardedScheme, .xForwardedSSL: true
        case .xForwardedUser, .xForwardedEmail, .xForwardedClientCert, .xOriginalURL, .xOriginalHost: true
        case .xRewriteURL, .xRealIP, .xClientIP, .xClusterClientIP, .trueClientIP, .via: true
        case .requestID, .traceparent: true
        }
    }

    /// Whether an upstream's header of this name stays behind: it belongs to one hop, would set state for our own origin
    /// in the caller, or hands out what the vault keeps.
    var staysWithUpstream: Bool {
        switch self {
        case .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .te, .trailer: true
        case .trailers, .upgrade, .http2Settings, .proxyAuthorization, .requestID, .location: true
        case .setCookie, .setCookie2, .wwwAuthenticate, .proxyAuthenticate, .authenticationInfo: true
        case .proxyAuthenticationInfo, .altSvc, .strictTransportSecurity, .clearSiteData: true
        case .publicKeyPins, .publicKeyPinsReportOnly, .authorization, .sallyportToken, .cookie, .cookie2: true
        case .other, .host, .expect, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto: false
        case .xForwardedPort, .xForwardedServer, .xForwardedPrefix, .xForwardedScheme: false
        case .xForwardedSSL, .xForwardedUser, .xForwardedEmail, .xForwardedClientCert, .xOriginalURL: false
        case .xOriginalHost, .xRewriteURL, .xRealIP, .xClientIP, .xClusterClientIP, .trueClientIP: false
        case .via, .traceparent, .methodOverride, .httpMethod, .httpMethodOverride, .retryAfter: false
        }
    }

    /// Whether the header asks the upstream to read another method than the request line's.
    var overridesMethod: Bool {
        switch self {
        case .methodOverride, .httpMethod, .httpMethodOverride: true
        case _: false
        }
    }
}

public import HTTPTypes

/// How a session speaks with its service.
public struct SessionOptions: Sendable {
    /// Header fields that authorise a request, such as `Authorization`: asked for before each attempt, so keep what it
    /// costs to make. What it throws ends the operation with `.authentication(.refused, nil)`; a `CancellationError`,
    /// `.cancelled`.
    public typealias Authorization = @Sendable () async throws -> HTTPFields

    /// Whether anti-forgery tokens (`X-CSRF-Token`) are asked for.
    public enum AntiForgery: Sendable, Hashable {
        /// As the service wants it: the first reads ask by one header. Where no token comes and nothing looks like SAP
        /// (the path, `sap-client`, header names, session cookies), nothing more is asked, until a write is answered by
        /// 403 `Required`.
        case automatic
        /// Reads ask until there is a token; a write without one asks first.
        case always
        /// Not at all; a 403 `Required` is an error at once.
        case never
    }

    /// Sent as `sap-client` with every request whose URL doesn't have one; SAP prefers it to a header of that name.
    public var sapClient: String?
    /// Sent as `Accept-Language`, and as `sap-language` to SAP's services, which labels and messages go by.
    public var language: ServiceLanguage?
    public var antiForgery = AntiForgery.automatic
    public var retries = Retries()
    /// For an operation as a whole, retries and waits included, where the request has no deadline of its own.
    public var timeout = Duration.seconds(120)
    /// What is held at most of an answer that is taken as a whole.
    public var maxBodyBytes = 256 << 20
    /// Keeps `sap-contextid`, which binds a work process of the service to this session (a stateful session). Off: the
    /// cookie is dropped, and the service ends its context by itself.
    public var keepsContext = false
    /// Sent with every request that has no field of the same name.
    public var headers = HTTPFields()
    public var authorization: Authorization?
    /// Asked once after a 401, for fields that are not those that were refused; the request is then sent again.
    public var renewAuthorization: Authorization?
    public var clock = ODataClock.continuous
    /// A number from 0 up to 1, for the jitter of waits.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    public init() {}
}

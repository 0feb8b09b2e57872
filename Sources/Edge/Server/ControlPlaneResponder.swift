internal import Domain
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Identity
internal import Logging
internal import Sodium

/// From a request to its answer: limits, route, authentication, handler, record. Always answers, never throws.
struct ControlPlaneResponder: HTTPResponder {
    typealias Context = ExchangeContext

    private let services: ControlPlaneServices
    private let limits: ControlPlaneLimits
    private let table = RouteTable(ControlPlaneRoute.all)
    private let journal: RequestJournal
    private let random: any RandomSource

    init(
        _ services: ControlPlaneServices, limits: ControlPlaneLimits, logger: Logger,
        random: any RandomSource = SystemRandomSource()
    ) {
        self.services = services
        self.limits = limits
        self.random = random
        journal = RequestJournal(services.metrics, logger: logger)
    }

    func respond(to request: Request, context: ExchangeContext) async -> Response {
        let start = ContinuousClock.now
        let inbound = HTTPField.Name.xRequestID.flatMap { request.headers[$0] }
        var record = RequestRecord(
            requestID: RequestID.take(inbound, random: random),
            trace: TraceParent(HTTPField.Name.traceParent.flatMap { request.headers[$0] }),
            method: Self.known(request.method))
        let body = IncomingBody(of: request, limits: limits)
        var answer: Answer
        do throws(Problem) {
            answer = try await self.answer(request, body, &record, start: start)
        } catch {
            answer = error.answer(requestID: record.requestID)
        }
        if body.isUnread { answer.closesConnection = true }
        if let name = HTTPField.Name.xRequestID { answer.headers[name] = record.requestID }
        journal.finish(record, answer, took: .now - start)
        return Response(answer, isHead: request.method == .head, channel: context.channel)
    }

    private func answer(
        _ request: Request, _ body: IncomingBody, _ record: inout RequestRecord, start: ContinuousClock.Instant
    ) async throws(Problem) -> Answer {
        try checkHeaders(request.headers)
        let target = request.head.path ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first ?? ""
        let (index, parameters) = try find(request.method.rawValue, path)
        record.routeIndex = index
        let route = ControlPlaneRoute.all[index]
        let caller = try await authenticate(request.headers, for: route)
        record.note(caller)
        let query = try QueryParameters(parts.count == 2 ? parts[1] : nil, allowing: route.queryNames)
        let call = Call(
            parameters: parameters, query: query, headers: request.headers, body: body, requestID: record.requestID,
            deadline: start + limits.requestTimeout)
        return try await run(route, call, caller)
    }

    private func checkHeaders(_ headers: HTTPFields) throws(Problem) {
        let bytes = headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count + 4 }
        guard headers.count <= limits.maxHeaderFields, bytes <= limits.maxHeaderBytes else {
            throw Problem(code: .headersTooLarge)
        }
    }

    private func find(_ method: String, _ path: Substring) throws(Problem) -> (Int, [String]) {
        switch table.match(method: method, path: path) {
        case .route(let index, let parameters):
            return (index, parameters)
        case .otherMethods(let methods):
            var problem = Problem(code: .methodNotAllowed)
            problem.allow = methods
            throw problem
        case .otherListener:
            throw Problem(code: .otherListener)
        case .none:
            throw Problem(code: .routeNotFound)
        }
    }

    /// The API key in `Authorization: Bearer`, for routes that want one.
    private func authenticate(
        _ headers: HTTPFields, for route: ControlPlaneRoute
    ) async throws(Problem) -> Principal? {
        switch route.access {
        case .open, .client: return nil
        case .apiKey: break
        }
        guard headers[values: .authorization].count == 1, let header = headers[.authorization] else {
            throw Problem(code: .unauthenticated)
        }
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 1_024 else {
            throw Problem(code: .unauthenticated)
        }
        do throws(AuthenticationError) {
            return try await services.authenticator.authenticate(SecretBytes(utf8: String(parts[1])))
        } catch {
            throw Problem(error)
        }
    }

    private func run(_ route: ControlPlaneRoute, _ call: Call, _ caller: Principal?) async throws(Problem) -> Answer {
        let result = await Deadline.race(limits.requestTimeout, orElse: Result.failure(Problem(code: .timedOut))) {
            [services] () async -> Result<Answer, Problem> in
            do throws(Problem) {
                switch route.handler {
                case .open(let handler):
                    return .success(try await handler(services, call))
                case .keyed(let handler):
                    guard let caller else { throw Problem(code: .unauthenticated) }
                    return .success(try await handler(services, call, caller))
                }
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The method for the log: of a closed list, because a caller chooses it.
    private static func known(_ method: HTTPRequest.Method) -> String {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        return known.contains(method) ? method.rawValue : "OTHER"
    }
}

extension RequestRecord {
    fileprivate mutating func note(_ caller: Principal?) {
        guard let caller else { return }
        apiKey = caller.auditName
        environment = caller.environmentID.description
        tenant = caller.tenantID?.description
    }
}

import HTTPTypes

/// A request that the service works on while nobody waits (`Prefer: respond-async`, Protocol 4.01 §11.6).
///
/// The service may have answered at once; then there is no monitor, and the result is there.
public struct AsyncOperation<Value: Sendable>: Sendable {
    /// How far the service is.
    public enum State: Sendable {
        /// - retryAfter: when the service wants to be asked again.
        case running(retryAfter: Duration?)
        case finished(Answer<Value>)
    }

    /// Where the service is asked how it goes: absolute. Kept by who wants to ask after a restart: `client.resume(_:monitor:)`.
    public let monitor: String?
    let client: ODataClient
    let request: ODataRequest<Value>
    let first: State

    /// Asks the service how it goes.
    ///
    /// - Throws: what the request itself throws, once it has failed; `.service` with status 404 or 410 if the service no longer
    ///   knows it, or it was cancelled.
    public func state(_ options: RequestOptions = RequestOptions()) async throws(ODataError) -> State {
        guard let monitor else { return first }
        return try await client.poll(request, monitor, options)
    }

    /// Waits for the result.
    ///
    /// - Parameters:
    ///   - deadline: the last instant to wait; then `.deadline` is thrown, and the service works on.
    ///   - interval: between two questions, where the service names none.
    public func result(
        until deadline: ContinuousClock.Instant, pollEvery interval: Duration = .seconds(2),
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Answer<Value> {
        let clock = client.session.options.clock
        var state = first
        var options = options
        options.deadline = min(options.deadline ?? deadline, deadline)
        while true {
            guard case .running(let retryAfter) = state else { break }
            // A service that wants to be asked at once would be asked without end.
            let next = clock.now() + max(retryAfter ?? interval, .milliseconds(100))
            guard next < deadline else { throw .deadline }
            do { try await clock.sleep(next) } catch { throw .cancelled }
            state = try await self.state(options)
        }
        guard case .finished(let answer) = state else { throw .deadline }
        return answer
    }

    /// Asks the service to give up (`DELETE` of the monitor). It may be done all the same.
    public func cancel(_ options: RequestOptions = RequestOptions()) async throws(ODataError) {
        guard let monitor else { return }
        let context = try await client.context(options)
        let reply = try await client.send(PreparedRequest(.delete, monitor), options, context)
        await reply.body.discard()
    }
}

extension ODataClient {
    /// Sends a request that the service may work on while nobody waits. Version 4.
    ///
    /// - Throws: `.unsupported(.needsVersion4)`, `.foreignLink` for a monitor on another host.
    public func begin<Value>(
        _ request: ODataRequest<Value>, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> AsyncOperation<Value> {
        let context = try await context(options)
        guard context.version.isV4 else { throw .unsupported(.needsVersion4) }
        var prepared = try request.prepare(context)
        prepared.preferences.append("respond-async")
        let reply = try await exchange(prepared, options, context)
        guard reply.status == 202, let location = reply.headers[.location] else {
            let answer = try await finish(request, reply, context)
            return AsyncOperation(monitor: nil, client: self, request: request, first: .finished(answer))
        }
        await reply.body.discard()
        let monitor = try root.resolve(reference: location, from: reply.url)
        let state = AsyncOperation<Value>.State.running(retryAfter: RetryAfter.duration(reply.headers))
        return AsyncOperation(monitor: monitor, client: self, request: request, first: state)
    }

    /// Goes on waiting for a request that was begun before, perhaps by another process.
    ///
    /// - Parameters:
    ///   - request: the same request: what its result means.
    ///   - monitor: of the operation; on the service's host.
    public func resume<Value>(
        _ request: ODataRequest<Value>, monitor: String
    ) throws(ODataError) -> AsyncOperation<Value> {
        AsyncOperation(
            monitor: try root.resolve(reference: monitor, from: root.url), client: self, request: request,
            first: .running(retryAfter: .zero))
    }

    func poll<Value>(
        _ request: ODataRequest<Value>, _ monitor: String, _ options: RequestOptions
    ) async throws(ODataError) -> AsyncOperation<Value>.State {
        let context = try await context(options)
        var prepared = PreparedRequest(.get, monitor)
        // The result comes wrapped with its own head, or bare where a 4.01 service does so.
        prepared.headers[.accept] = "application/http, " + context.accept(.json)
        let reply = try await send(prepared, options, context)
        if reply.status == 202 {
            await reply.body.discard()
            return .running(retryAfter: RetryAfter.duration(reply.headers))
        }
        return .finished(try await finish(request, try await unwrapped(reply, context), context))
    }

    func finish<Value>(
        _ request: ODataRequest<Value>, _ reply: Reply, _ context: ServiceContext
    ) async throws(ODataError) -> Answer<Value> {
        do throws(ODataError) {
            let answer = try await request.interpret(reply, context)
            report(answer.messages)
            return answer
        } catch {
            reply.body.cancel()
            throw error
        }
    }

    /// The answer to the request itself, out of the monitor's.
    private func unwrapped(_ reply: Reply, _ context: ServiceContext) async throws(ODataError) -> Reply {
        var reply = reply
        let type = reply.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        if type == "application/http" {
            let bytes = try await reply.bytes(context)
            let message = try HTTPMessageText(bytes, in: 0..<bytes.count, limits: BatchLimits())
            guard message.firstLine[0].hasPrefix("HTTP/"), let status = Int(message.firstLine[1]) else {
                throw .malformed(PayloadError(.syntax))
            }
            reply = Reply(
                status: status, headers: message.fields, url: root.url, body: ResponseBody(message.bodyBytes(bytes)),
                messages: ServiceMessage.messages(in: message.fields))
        } else if let status = reply.headers[.asyncResult].flatMap({ Int($0.prefix(3)) }) {
            (reply.status, reply.url) = (status, root.url)
        }
        guard reply.status < 400 else {
            let error = ServiceError(status: reply.status, headers: reply.headers, body: try await reply.bytes(context))
            throw ODataError(error)
        }
        return reply
    }
}

internal import HTTPTypes
internal import Synchronization

extension ODataSession {
    /// An error's body is for people; a longer one is cut off, and then its status speaks alone.
    private static let maxErrorBytes = 1 << 20

    /// One request and the head of its answer; of an error, its body too. Cookies and a token are taken over.
    func exchange(_ plan: SessionPlan) async -> Result<SessionAnswer, ODataError> {
        do throws(ODataError) {
            let authorization: HTTPFields
            if let renewed = plan.renewed {
                authorization = renewed
            } else {
                authorization = try await fields(options.authorization)
            }
            guard !Task.isCancelled else { throw .cancelled }
            guard options.clock.now() < plan.deadline else { throw .deadline }
            let outgoing = outgoing(plan)
            let response = try await transmit(plan, plan.head(outgoing, authorization: authorization))
            absorb(response.head.headerFields, plan, outgoing)
            return .success(try await answer(response, plan, outgoing))
        } catch {
            return .failure(error)
        }
    }

    private func transmit(_ plan: SessionPlan, _ head: HTTPRequest) async throws(ODataError) -> TransportResponse {
        do throws(TransportError) {
            return try await transport.send(head, body: plan.body, deadline: plan.deadline)
        } catch .cancelled(let isSent) where plan.isRead || !isSent {
            throw .cancelled
        } catch {
            throw .transport(error)
        }
    }

    private func answer(
        _ response: TransportResponse, _ plan: SessionPlan, _ outgoing: SessionState.Outgoing
    ) async throws(ODataError) -> SessionAnswer {
        let (status, headers) = (response.head.status.code, response.head.headerFields)
        var answer = SessionAnswer(status: status, headers: headers, body: response.body, sent: outgoing)
        guard status >= 400 else { return answer }
        // The status says what happened; that its text broke off changes nothing about it.
        let read = try? await response.body.prefix(maxBytes: Self.maxErrorBytes)
        guard !Task.isCancelled || !plan.isRead else { throw .cancelled }
        let bytes = read.map { $0.isWhole ? $0.bytes : [] } ?? []
        answer.error = ServiceError(status: status, headers: headers, body: bytes)
        if status == 403 { answer.speaksOfToken = Self.speaksOfToken(bytes) }
        return answer
    }

    /// Gateways say "CSRF token validation failed" in every language, sometimes without the header.
    private static func speaksOfToken(_ body: [UInt8]) -> Bool {
        let folded = body.prefix(8_192).map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        return folded.indices.contains { folded[$0] == UInt8(ascii: "c") && folded[$0...].starts(with: "csrf".utf8) }
    }

    private func outgoing(_ plan: SessionPlan) -> SessionState.Outgoing {
        guard !transport.keepsSession else { return SessionState.Outgoing() }
        return state.withLock {
            $0.outgoing(
                isRead: plan.isRead && plan.method != .options, isFetch: plan.isFetch, path: plan.url.path,
                isSecure: root.scheme == "https", now: options.clock.now())
        }
    }

    private func absorb(_ headers: HTTPFields, _ plan: SessionPlan, _ outgoing: SessionState.Outgoing) {
        guard !transport.keepsSession else { return }
        state.withLock { $0.absorb(headers, of: outgoing, path: plan.url.path, now: options.clock.now()) }
    }

    func fields(_ authorization: SessionOptions.Authorization?) async throws(ODataError) -> HTTPFields {
        guard let authorization else { return HTTPFields() }
        do {
            return try await authorization()
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .authentication(.refused, nil)
        }
    }
}

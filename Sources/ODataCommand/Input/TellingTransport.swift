import HTTPTypes
import OData

/// Tells each request and its status on standard error.
struct TellingTransport: ODataTransport {
    private let transport: any ODataTransport

    init(_ transport: any ODataTransport) { self.transport = transport }

    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        let line = "\(head.method.rawValue) \(head.path ?? "")" + (body.map { " (\($0.count) bytes)" } ?? "")
        do throws(TransportError) {
            let response = try await transport.send(head, body: body, deadline: deadline)
            Terminal.tell("\(line): \(response.head.status.code)")
            return response
        } catch {
            Terminal.tell("\(line): \(error)")
            throw error
        }
    }
}

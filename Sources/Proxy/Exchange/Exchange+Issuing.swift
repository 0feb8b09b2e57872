internal import NIOCore
internal import Sodium

/// What an exchange keeps while it collects the form of a token request.
struct FormCollection: ~Copyable {
    /// Nobody is authenticated yet, so a form has a bound of its own.
    static let maxBytes = 16_384

    private let limit: Int
    private var buffer = SecretBuffer(minimumCapacity: 512)

    /// - Parameter configured: the limit of every body, where there is one.
    init(configured: Int?) { limit = min(Self.maxBytes, configured ?? Self.maxBytes) }

    /// Takes a piece over and wipes it; false where the form is too long.
    mutating func append(_ piece: ByteBuffer) -> Bool {
        defer { piece.wipeReadableBytes() }
        guard buffer.count + piece.readableBytes <= limit else { return false }
        buffer.append(piece.readableBytesSpan)
        return true
    }

    consuming func finish() -> SecretBytes { buffer.finish() }
}

extension Exchange {
    /// What can be said of a token request by its head.
    func checkForm(_ head: borrowing RequestHead) throws(DataPlaneProblem) {
        guard FormType.isNamed(by: head) else { throw .unsupportedMediaType }
        guard case .length(let length) = head.framing else { return }
        guard length <= FormCollection.maxBytes else { throw .bodyTooLarge }
    }

    /// The body is read within the time of one stall, however often a little of it comes.
    func collectForm() {
        stage = .collecting
        form = FormCollection(configured: loop.shared.configuration.maxRequestBodyBytes)
        guard !requestEnded else { return issueToken() }
        waitFor(.callerBody)
        sendContinue()
    }

    func collect(_ piece: ByteBuffer) {
        let fits = form?.append(piece) ?? false
        if !fits { requestBroke(.bodyTooLarge) }
    }

    func issueToken() {
        guard stage == .collecting, let endpoint = loop.shared.callerTokens else { return }
        guard let collected = form.take() else { return }
        stage = .issuing
        waitFor(.opening)
        let number = loop.tokenIssues.start(
            endpoint, form: collected.finish(), authorization: takeAuthorization(), for: self, in: loop)
        guard let number else { return fail(.overloaded) }
        issue = number
    }

    /// The header's value, wiped where it came; empty where there are two of them.
    private func takeAuthorization() -> SecretBytes? {
        let head = caller.parser.head
        var found: SecretBytes?
        for field in head.fields where field.name == .authorization {
            let isSecond = found != nil
            guard
                let value = head.bytes.getSlice(
                    at: head.bytes.readerIndex + field.valueRange.lowerBound, length: field.valueRange.count)
            else { continue }
            found = isSecond ? SecretBytes(copying: []) : SecretBytes(copying: value.readableBytesSpan)
            value.wipeReadableBytes()
        }
        return found
    }

    /// The endpoint has answered; too late where the exchange is over.
    func issued(_ answer: CallerTokenAnswer) {
        guard stage == .issuing else { return }
        issue = nil
        var out = loop.takeBuffer()
        let keepAlive = caller.canContinue
        ProblemWriter.writeStatusLine(answer.status, into: &out)
        out.writeBytes(loop.dateLine)
        for (name, value) in answer.headers {
            out.writeString(name)
            out.writeStaticString(": ")
            out.writeString(value)
            out.writeStaticString("\r\n")
        }
        out.writeStaticString("x-request-id: ")
        out.write(id)
        out.writeStaticString(keepAlive ? "\r\ncontent-length: " : "\r\nconnection: close\r\ncontent-length: ")
        out.writeDecimal(answer.body.count)
        out.writeStaticString("\r\n\r\n")
        out.writeBytes(answer.body)
        answerOwn(out, status: answer.status, keepAlive: keepAlive)
    }

    /// Ends what the exchange has under way at the token endpoint.
    func leaveTokenIssue() {
        form = nil
        if let issue { loop.tokenIssues.cancel(issue) }
        issue = nil
    }
}

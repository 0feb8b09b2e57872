import ArgumentParser
import HTTPTypes
import OData

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Sends several requests as one.",
        discussion: """
            The file is a JSON array:

            [{"method": "GET", "url": "A_Product?$top=1"},
             [{"id": "1", "method": "POST", "url": "A_SalesOrder", "body": {"SalesOrderType": "OR"}},
              {"method": "POST", "url": "$1/to_Item", "body": {"Material": "TG11"}}]]

            An inner array is a change set: all of it is done or nothing. Each answer is printed in the order of the requests; the \
            exit code is 1 if one was refused.
            """)

    @OptionGroup var service: ServiceArguments
    @Argument(help: "The requests; - is standard input.")
    var file: String
    @Flag(help: "Go on after a request that is refused.")
    var continueOnError = false
    @Flag(help: "The JSON format of version 4.01 instead of multipart.")
    var jsonFormat = false

    func run() async throws {
        try await reporting {
            let batch = try requests()
            var isDone = true
            try await service.withClient { client in
                var options = client.options
                options.batchFormat = jsonFormat ? .json : .multipart
                let sender = ODataClient(session: client.session, options: options)
                let results = try await sender.send(batch)
                for (item, result) in zip(batch.parts.flatMap(\.items), results.items) { show(item, result) }
                isDone = results.isComplete
            }
            if !isDone { throw ExitCode(1) }
        }
    }

    private func requests() throws -> BatchRequest {
        let bytes = try InputFile.bytes(file)
        let node: JSONNode
        do throws(PayloadError) {
            node = try JSONNode(parsing: bytes)
        } catch {
            throw Failure("\(file): no JSON" + (error.offset.map { " at byte \($0)" } ?? ""), code: .data)
        }
        guard let parts = node.elements else { throw Failure("\(file): no JSON array", code: .data) }
        // All at once, so that requests without an id get one that the file doesn't use.
        var batch = BatchRequest(
            try parts.map { part in
                if let items = part.elements { return .changeSet(BatchChangeSet(try items.map(item))) }
                return .request(try item(part))
            })
        batch.continuesOnError = continueOnError
        return batch
    }

    private func item(_ node: JSONNode) throws -> BatchItem {
        guard let method = node["method"]?.text.flatMap({ HTTPRequest.Method($0) }), let url = node["url"]?.text else {
            throw Failure("\(file): a request needs method and url", code: .data)
        }
        let body = node["body"]?.serialized()
        let headers: HTTPFields =
            body == nil
            ? [.accept: "application/json"]
            : [
                .accept: "application/json", .contentType: "application/json",
            ]
        return BatchItem(method, url, headers: headers, body: body, id: node["id"]?.text)
    }

    private func show(_ item: BatchItem, _ result: BatchItemResult) {
        let line = "\(item.method.rawValue) \(item.url)"
        switch result {
        case .response(let response):
            Terminal.say("\(line): \(response.status)")
            if !response.body.isEmpty { Terminal.say(String(decoding: response.body, as: UTF8.self)) }
        case .failed(let error): Terminal.say(Failure.text("\(line): refused.", error))
        case .changeSetFailed(let error, _):
            Terminal.say(Failure.text("\(line): nothing of the change set was done.", error))
        case .notExecuted: Terminal.say("\(line): not done, because a request before it was refused")
        case .unanswered: Terminal.say("\(line): not answered; it may have been done")
        }
    }
}

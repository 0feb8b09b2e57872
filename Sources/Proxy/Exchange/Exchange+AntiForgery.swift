internal import Connections
internal import Domain
internal import NIOCore

extension Exchange {
    /// Asks for an anti-forgery token at the root of the service that the request goes to.
    func fetchAntiForgeryToken(_ connection: CachedConnection, _ upstream: UpstreamConnection) {
        guard let handshake = connection.usable.csrf, let target else { return }
        stage = .antiForgery
        let method: HTTPMethod = antiForgery == .get ? .get : .head
        upstream.begin(self, method: method)
        var out = loop.takeBuffer()
        let bytes = caller.parser.head.bytes
        AntiForgerySession.writeFetch(
            method, bytes.readableBytesUInt8Span, target.path, connection: connection, handshake: handshake, id: id,
            into: &out)
        upstream.write(out)
        upstream.completeRequest()
        loop.recycle(out)
        waitFor(.responseHead)
    }

    /// The token may come with any status; where none comes by HEAD, GET is tried, and after that the request goes without
    /// one: whether it needs one is for the upstream to say.
    func receiveAntiForgeryAnswer(_ connection: CachedConnection, _ upstream: UpstreamConnection) {
        guard let handshake = connection.usable.csrf else { return }
        let head = upstream.head
        let found = connection.session.begin(with: head, handshake)
        letGo(of: upstream)
        if found || antiForgery == .get {
            antiForgery = .done
        } else {
            antiForgery = .get
        }
        acquire(fresh: false)
    }
}

internal import EmbeddedFiles
internal import HTTPTypes
internal import Observability
internal import StrictJSON

enum OperationsHandlers {
    static let routes: [ControlPlaneRoute] = [
        .open(.get, "/health/live", live),
        .open(.get, "/health/ready", ready),
        .open(.get, "/metrics", metrics),
        .open(.get, "/openapi.yaml", openAPI),
    ]

    @Sendable private static func live(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        .json(["status": "ok"])
    }

    /// 503 with `Retry-After` while the database or the root key doesn't answer.
    @Sendable private static func ready(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        let readiness = await services.readiness()
        func word(_ isReady: Bool) -> JSONValue { isReady ? "ok" : "unavailable" }
        var answer = Answer.json(
            [
                "status": word(readiness.isReady),
                "checks": ["database": word(readiness.database), "root_key": word(readiness.rootKey)],
            ], status: readiness.isReady ? .ok : .serviceUnavailable)
        if !readiness.isReady { answer.headers[.retryAfter] = "1" }
        return answer
    }

    @Sendable private static func metrics(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        Answer(.ok, contentType: .metrics, body: Array(services.metrics.prometheusText().utf8))
    }

    @Sendable private static func openAPI(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        var answer = Answer(.ok, contentType: .yaml, body: EmbeddedFiles.openAPI)
        answer.headers[.cacheControl] = "public, max-age=300"
        return answer
    }
}

import Synchronization

/// Counts of values by upper bound, with their sum; cumulative on the wire as Prometheus wants it.
package final class Histogram: Sendable {
    /// Bounds for durations of requests, in seconds.
    package static let seconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct State {
        var counts: [Int]
        var sum: Double = 0
    }

    private let buckets: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    package func record(_ value: Double) {
        let index = buckets.firstIndex { value <= $0 } ?? buckets.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    package func record(_ duration: Duration) {
        let parts = duration.components
        record(Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }

    func samples() -> [MetricRegistry.Sample] {
        let state = state.withLock { $0 }
        var total = 0
        var samples: [MetricRegistry.Sample] = []
        for (bound, count) in zip(buckets, state.counts) {
            total += count
            samples.append(.init(suffix: "_bucket", labels: "le=\"\(bound)\"", value: String(total)))
        }
        total += state.counts[buckets.count]
        samples.append(.init(suffix: "_bucket", labels: "le=\"+Inf\"", value: String(total)))
        samples.append(.init(suffix: "_sum", labels: "", value: MetricRegistry.text(state.sum)))
        samples.append(.init(suffix: "_count", labels: "", value: String(total)))
        return samples
    }
}

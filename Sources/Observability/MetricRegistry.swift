import Synchronization

/// Every metric of the process, written as Prometheus text (exposition format 0.0.4).
///
/// Series are made once, at start or at first use, and kept; labels come from closed sets (status classes, outcomes), never
/// from identifiers or input, so that the number of series is bounded.
package final class MetricRegistry: Sendable {
    private let families = Mutex<[Family]>([])

    package init() {}

    package func counter(_ name: String, _ help: String, labels: [(String, String)] = []) -> Counter {
        let counter = Counter()
        add(name, help, "counter", labels) { [.init(suffix: "", labels: "", value: String(counter.value))] }
        return counter
    }

    /// A value that is read when it is asked for.
    package func gauge(
        _ name: String, _ help: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double
    ) {
        add(name, help, "gauge", labels) { [.init(suffix: "", labels: "", value: Self.text(read()))] }
    }

    package func histogram(
        _ name: String, _ help: String, labels: [(String, String)] = [], buckets: [Double] = Histogram.seconds
    ) -> Histogram {
        let histogram = Histogram(buckets: buckets)
        add(name, help, "histogram", labels) { histogram.samples() }
        return histogram
    }

    private func add(
        _ name: String, _ help: String, _ type: String, _ labels: [(String, String)],
        _ read: @escaping @Sendable () -> [Sample]
    ) {
        let labelText = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        families.withLock { families in
            let series = Series(labels: labelText, read: read)
            if let index = families.firstIndex(where: { $0.name == name }) {
                families[index].series.removeAll { $0.labels == labelText }
                families[index].series.append(series)
            } else {
                families.append(Family(name: name, help: help, type: type, series: [series]))
            }
        }
    }

    /// The whole text for `GET /metrics`.
    package func prometheusText() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.type)\n"
            for series in family.series {
                for sample in series.read() {
                    let labels = [series.labels, sample.labels].filter { !$0.isEmpty }.joined(separator: ",")
                    text += family.name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)\n"
                }
            }
        }
        return text
    }

    struct Sample: Sendable {
        let suffix: String
        let labels: String
        let value: String
    }

    private struct Series: Sendable {
        let labels: String
        let read: @Sendable () -> [Sample]
    }

    private struct Family: Sendable {
        let name: String
        let help: String
        let type: String
        var series: [Series]
    }

    static func text(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
    }
}

/// A number that only grows.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    package func increment(by amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    package var value: Int { count.load(ordering: .relaxed) }
}

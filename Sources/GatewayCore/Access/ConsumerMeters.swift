/// Counts the answers of each consumer on one event loop.
package final class ConsumerMeters {
    package static let requests = MetricDescription(
        "gateway_consumer_requests_total",
        .counter,
        help: "Requests with an accepted credential, by consumer and class of status: 1xx to 5xx.",
        labels: ["consumer", "code_class"]
    )

    private let shard: MeterShard
    /// By the number of the consumer. A consumer that was not seen on this event loop has none.
    private var consumers: ContiguousArray<Classes?> = []

    /// The counters of one consumer by the first digit of the status.
    private final class Classes {
        var counters: (Counter?, Counter?, Counter?, Counter?, Counter?)
    }

    init(_ shard: MeterShard) { self.shard = shard }

    package func count(_ consumer: Consumer, status: Int) {
        self.counter(consumer, min(max(status / 100, 1), 5)).add()
    }

    private func counter(_ consumer: Consumer, _ digit: Int) -> Counter {
        let classes = self.classes(of: consumer)
        let known =
            switch digit {
            case 1: classes.counters.0
            case 2: classes.counters.1
            case 3: classes.counters.2
            case 4: classes.counters.3
            default: classes.counters.4
            }
        if let known { return known }
        let counter = self.shard.counter(Self.requests, [consumer.name, "\(digit)xx"])
        switch digit {
        case 1: classes.counters.0 = counter
        case 2: classes.counters.1 = counter
        case 3: classes.counters.2 = counter
        case 4: classes.counters.3 = counter
        default: classes.counters.4 = counter
        }
        return counter
    }

    private func classes(of consumer: Consumer) -> Classes {
        if consumer.number < self.consumers.count, let known = self.consumers[consumer.number] { return known }
        while self.consumers.count <= consumer.number { self.consumers.append(nil) }
        let classes = Classes()
        self.consumers[consumer.number] = classes
        return classes
    }
}

@available(*, unavailable)
extension ConsumerMeters: Sendable {}

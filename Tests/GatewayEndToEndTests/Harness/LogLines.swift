import Logging
import NIOConcurrencyHelpers

/// What a gateway logs, as level, text and fields.
final class LogLines: Sendable {
    private let box = NIOLockedValueBox<[String]>([])

    var lines: [String] { self.box.withLockedValue { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(box: self.box) } }

    private struct Handler: LogHandler {
        let box: NIOLockedValueBox<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            self.box.withLockedValue { $0.append("\(event.level) \(event.message)" + fields.joined()) }
        }
    }
}

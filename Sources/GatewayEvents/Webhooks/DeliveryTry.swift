/// How one try of a delivery ended, as the API shows it.
package struct DeliveryTry: Hashable, Sendable {
    /// When it began, in milliseconds since 1970.
    package var time: Int64
    /// Nil if there was no response.
    package var status: Int?
    /// In milliseconds.
    package var duration: Int64
    /// Why it failed without a response.
    package var error: String?

    package init(time: Int64, status: Int?, duration: Int64, error: String?) {
        self.time = time
        self.status = status
        self.duration = duration
        self.error = error
    }

    // MARK: In the store

    /// One line of four columns.
    var line: String {
        let error = (self.error ?? "").map { $0.isNewline || $0 == "\t" ? " " : $0 }
        return "\(self.time)\t\(self.status.map(String.init) ?? "")\t\(self.duration)\t\(String(error))\n"
    }

    static func text(of tries: [DeliveryTry]) -> String { tries.map(\.line).joined() }

    static func all(in text: String) -> [DeliveryTry] {
        text.split(separator: "\n").compactMap { line in
            let columns = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
            guard columns.count == 4, let time = Int64(columns[0]), let duration = Int64(columns[2]) else { return nil }
            return DeliveryTry(
                time: time,
                status: Int(columns[1]),
                duration: duration,
                error: columns[3].isEmpty ? nil : String(columns[3])
            )
        }
    }
}

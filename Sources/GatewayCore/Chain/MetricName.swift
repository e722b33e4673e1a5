/// The names of a middleware's metrics: `gateway_`, the name of the middleware, and what the metric counts.
enum MetricName {
    /// Returns what is wrong with a name, or nil if it is valid.
    ///
    /// - Parameters:
    ///   - name: The name without the prefix.
    ///   - ending: The suffix that the Prometheus conventions require, or an empty string.
    ///   - labels: The names of the labels other than `route`.
    static func mistake(in name: String, ending: String, labels: [String]) -> String? {
        guard self.isName(name) else {
            return "\"\(name)\" is not a metric name: use lower-case letters, digits and \"_\""
        }
        guard name.hasSuffix(ending) else { return "\"\(name)\" has to end in \"\(ending)\"" }
        for label in labels where !self.isName(label) || label == "route" || label == "le" {
            return
                "\"\(label)\" is not a label name: use lower-case letters, digits and \"_\", but not \"route\" or \"le\""
        }
        return Set(labels).count == labels.count ? nil : "\"\(name)\" has a label twice"
    }

    /// Returns whether a name consists of lower-case letters, digits and "_", and begins with a letter.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

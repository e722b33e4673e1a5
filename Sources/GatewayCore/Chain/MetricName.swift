/// The names of a middleware's own metrics: `gateway_`, its own name, and what it counts.
enum MetricName {
    /// What is wrong with the name, if anything.
    ///
    /// - Parameters:
    ///   - name: behind the prefix.
    ///   - ending: what Prometheus' conventions want at its end; empty for nothing.
    ///   - labels: the names of the labels besides `route`.
    package static func mistake(in name: String, ending: String, labels: [String]) -> String? {
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

    /// Small letters, digits and "_", beginning with a letter.
    package static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

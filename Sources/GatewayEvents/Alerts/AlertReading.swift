/// The values of one source at one time, by labels. Each series has the same number of values.
struct AlertReading {
    var rows: [AlertLabels: [Double]] = [:]
    /// The upper bounds of the buckets in seconds, for durations.
    var bounds: [Double] = []

    /// Adds values to those of a series, or begins it with them.
    mutating func add(_ values: [Double], to labels: AlertLabels) {
        self.rows[labels, default: [Double](repeating: 0, count: values.count)].add(values)
    }
}

extension [Double] {
    mutating func add(_ others: [Double]) {
        for index in self.indices where index < others.count { self[index] += others[index] }
    }
}

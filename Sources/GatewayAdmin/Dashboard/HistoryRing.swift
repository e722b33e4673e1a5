/// The last values of several figures, one row per step of time. Steps without a row are unknown.
struct HistoryRing: Sendable {
    /// The number of steps.
    let count: Int
    /// By figure, and then by step modulo ``count``. Unknown values are NaN.
    private var values: [[Float]]
    /// The newest step; nil before the first row.
    private(set) var last: UInt64?

    init(count: Int, figures: Int) {
        self.count = count
        self.values = [[Float]](repeating: [Float](repeating: .nan, count: count), count: figures)
    }

    /// Adds the row of a step. An older step than the last one is ignored.
    mutating func append(_ row: [Float], at step: UInt64) {
        if let last = self.last {
            guard step > last else { return }
            for gap in 1...min(step - last, UInt64(self.count)) { self.set(nil, at: last + gap) }
        }
        self.set(row, at: step)
        self.last = step
    }

    private mutating func set(_ row: [Float]?, at step: UInt64) {
        let place = Int(step % UInt64(self.count))
        for figure in self.values.indices { self.values[figure][place] = row?[figure] ?? .nan }
    }

    /// The values of a figure, the oldest first, up to and including `step`. Nil: unknown.
    ///
    /// - Returns: ``count`` values.
    func column(_ figure: Int, upTo step: UInt64) -> [Float?] {
        var column = [Float?](repeating: nil, count: self.count)
        guard let last = self.last else { return column }
        for index in 0..<self.count {
            let age = UInt64(self.count - 1 - index)
            guard step >= age, step - age <= last, step - age + UInt64(self.count) > last else { continue }
            let value = self.values[figure][Int((step - age) % UInt64(self.count))]
            if !value.isNaN { column[index] = value }
        }
        return column
    }
}

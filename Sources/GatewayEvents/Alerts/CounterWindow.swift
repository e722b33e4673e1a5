import DequeModule

/// How much counters grew within a time. A state machine: time is an argument.
///
/// Keeps some thirty marks over the span, however often it is read, so that the span is exceeded by a thirtieth at most.
struct CounterWindow {
    private typealias Totals = [AlertSource: [AlertLabels: [Double]]]

    private struct Mark {
        let time: Int64
        let totals: Totals
    }

    private struct Counted {
        /// As last read; nil if the series has vanished since.
        var raw: [Double]?
        /// Grows even if the counter starts again at 0.
        var total: [Double]
        /// When it was last read.
        var time: Int64
    }

    /// Nanoseconds.
    private let span: Int64
    private var marks: Deque<Mark> = []
    private var counted: [AlertSource: [AlertLabels: Counted]] = [:]
    private(set) var bounds: [AlertSource: [Double]] = [:]
    private var time: Int64?

    /// - Parameter span: Nanoseconds, at least 1.
    init(span: Int64) { self.span = max(1, span) }

    /// Adds a reading. Sources that are not part of it are forgotten.
    ///
    /// - Parameter now: Nanoseconds on a clock that never goes back.
    mutating func add(_ readings: [AlertSource: AlertReading], at now: Int64) {
        var isNew = false
        for source in self.counted.keys where readings[source] == nil { self.counted[source] = nil }
        for (source, reading) in readings {
            if self.counted[source] == nil { isNew = true }
            self.bounds[source] = reading.bounds
            self.count(reading, of: source, at: now)
        }
        self.time = now
        if isNew || self.marks.last.map({ now - $0.time >= self.span / 30 }) ?? true {
            self.marks.append(Mark(time: now, totals: self.counted.mapValues { $0.mapValues(\.total) }))
        }
        // The oldest mark to keep is the last one that is as old as the span.
        while self.marks.count > 1, now - self.marks[1].time >= self.span { self.marks.removeFirst() }
    }

    private mutating func count(_ reading: AlertReading, of source: AlertSource, at now: Int64) {
        // Taken out, so that it is changed in place.
        var counted = self.counted.updateValue([:], forKey: source) ?? [:]
        for (labels, raw) in reading.rows {
            guard var series = counted[labels] else {
                counted[labels] = Counted(raw: raw, total: raw, time: now)
                continue
            }
            let before = series.raw ?? []
            // A value that fell belongs to a counter that began again at 0, and with it all others of the series.
            let restarted = raw.count != before.count || zip(raw, before).contains { $0 < $1 }
            for index in raw.indices where index < series.total.count {
                series.total[index] += restarted ? raw[index] : raw[index] - before[index]
            }
            series.raw = raw
            series.time = now
            counted[labels] = series
        }
        for (labels, series) in counted where reading.rows[labels] == nil {
            if now - series.time > 2 * self.span {
                // No mark has it any more, so it may begin anew.
                counted[labels] = nil
            } else if series.raw != nil {
                counted[labels]?.raw = nil
            }
        }
        self.counted[source] = counted
    }

    /// The growth of each series that was part of the last reading.
    struct Growth {
        var rows: [AlertLabels: [Double]]
        let seconds: Double
        let bounds: [Double]
    }

    /// Returns the growth within the span, or since the first reading; nil if there was one reading only.
    func growth(of source: AlertSource) -> Growth? {
        guard let now = self.time, let counted = self.counted[source],
            let mark = self.marks.first(where: { $0.totals[source] != nil }), mark.time < now
        else { return nil }
        let before = mark.totals[source] ?? [:]
        var rows: [AlertLabels: [Double]] = [:]
        for (labels, series) in counted where series.raw != nil {
            // A series that the mark lacks began at 0 after it.
            guard let start = before[labels] else {
                rows[labels] = series.total
                continue
            }
            rows[labels] = zip(series.total, start).map { $0 - $1 }
        }
        return Growth(rows: rows, seconds: Double(now - mark.time) / 1e9, bounds: self.bounds[source] ?? [])
    }

    /// Whether the readings cover the whole span.
    var isFull: Bool {
        guard let first = self.marks.first, let time = self.time else { return false }
        return time - first.time >= self.span
    }
}

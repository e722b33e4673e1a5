package import GatewaySettings

/// Which requests are reported.
package struct ReportPolicy: Sendable {
    /// Whether there is a service that receives reports.
    package var isOn = false
    private var ignoredStatuses: Set<Int> = []
    private var ignoredCodes: Set<String> = []
    private var failures = Share(0)
    private var traces = Share(0)
    /// Names of fields and parameters with secrets, besides those that are secret everywhere.
    var secretNames: [String] = []

    package init() {}

    package init(_ configuration: GatewayConfiguration) {
        let sentry = configuration.sentry
        self.isOn = !sentry.dsn.isEmpty
        for entry in sentry.ignore {
            if let status = Int(entry) { self.ignoredStatuses.insert(status) } else { self.ignoredCodes.insert(entry) }
        }
        self.failures = Share(sentry.sample)
        self.traces = Share(self.isOn ? sentry.traces : 0)
        if let key = configuration.auth.apiKey { self.secretNames = [key.header, key.query].filter { !$0.isEmpty } }
    }

    /// Whether any trace is reported.
    var samplesTraces: Bool { self.traces.isSome }

    func ignores(status: Int, code: String) -> Bool {
        self.ignoredStatuses.contains(status) || self.ignoredCodes.contains(code)
    }

    /// Whether a failure is one of those that are reported.
    func samples(_ random: UInt64) -> Bool { self.failures.contains(random) }

    /// Whether the trace of a request is reported. All gateways on its way decide alike. A trace that its client records
    /// is reported in any case.
    func samples(_ trace: TraceContext) -> Bool {
        trace.parent != 0 && trace.isSampled || self.traces.contains(trace.own.traceID.low)
    }

    /// A share of random numbers.
    private struct Share {
        private let bound: UInt64
        private let isAll: Bool

        init(_ share: Double) {
            self.isAll = share >= 1
            // The largest double below 1 is far enough from it that the product fits.
            self.bound = share > 0 && share < 1 ? UInt64(share * 0x1p64) : 0
        }

        var isSome: Bool { self.isAll || self.bound > 0 }

        func contains(_ random: UInt64) -> Bool { self.isAll || random < self.bound }
    }
}

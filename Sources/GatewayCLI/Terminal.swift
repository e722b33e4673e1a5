internal import Gateway

/// What the place that something is written to can show.
enum Terminal {
    /// Colours are for terminals whose user has not declined them (https://no-color.org).
    static func isColored(_ destination: LogDestination) -> Bool {
        let environment = Environment.current
        return destination.isTerminal && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    }
}

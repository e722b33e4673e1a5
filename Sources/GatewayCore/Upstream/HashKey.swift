import GatewaySettings

/// The parts of a request that choose its endpoint with `balance = "hash"`.
package struct HashKey {
    let parts: [KeyPart]
    /// Whether clients without the cookie receive one.
    let makesCookie: Bool

    init(_ source: KeySource, makesCookie: Bool) {
        self.parts = source.parts.map(KeyPart.init)
        self.makesCookie = makesCookie
    }
}

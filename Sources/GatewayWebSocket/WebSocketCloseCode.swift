/// The code of a close frame (RFC 6455 section 7.4).
package enum WebSocketCloseCode {
    package static let goingAway: UInt16 = 1001
    package static let protocolError: UInt16 = 1002
    /// Stands for a close frame without a code. Never sent.
    package static let none: UInt16 = 1005
    /// Stands for a connection that ended without a close frame. Never sent.
    package static let cut: UInt16 = 1006
    package static let invalidText: UInt16 = 1007
    package static let policyViolation: UInt16 = 1008
    package static let tooLarge: UInt16 = 1009

    /// Returns whether an endpoint may send the code: registered ones, and those of libraries and applications.
    package static func maySend(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

package import NIOCore

/// A try that failed and was followed by another one.
package struct FailedTry {
    /// Nil for a handler in this process, and if the try ended before an endpoint was chosen.
    package let target: UpstreamTarget?
    /// Nil if the gateway itself lacked resources.
    package let failure: Failure?
    /// When the request was sent; nil if it was not.
    package let sentAt: NIODeadline?

    /// Why the request was tried again.
    package enum Failure: Hashable, Sendable {
        case upstream(UpstreamFailure)
        /// A kept-alive connection turned out to be closed.
        case stale
        /// The status of the response.
        case status(Int)

        /// The word in the access log.
        package var text: String {
            switch self {
            case .upstream(let failure): failure.rawValue
            case .stale: "stale"
            case .status(let status): "\(status)"
            }
        }
    }
}

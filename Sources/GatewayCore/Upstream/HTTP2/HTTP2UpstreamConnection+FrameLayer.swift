import GatewayHTTP2
import NIOCore
import NIOHTTP2

extension HTTP2UpstreamConnection {
    /// The largest number of frames of a kind that a peer may send in a second.
    private static let floodLimit = 2000

    /// Creates the frame layer of a connection, which belongs between the transport and the connection.
    func makeFrameLayer() -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            NIOHTTP2.HTTP2Setting(parameter: .enablePush, value: 0),
            NIOHTTP2.HTTP2Setting(parameter: .initialWindowSize, value: Self.streamWindow),
            // The frame layer ends the connection beyond this. Beyond the limit itself only the response is rejected.
            NIOHTTP2.HTTP2Setting(parameter: .maxHeaderListSize, value: min(self.fields.size * 4, Int(Int32.max))),
        ]
        // Heads are checked by `ResponseHeaderList`, lengths by the stream.
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = Self.floodLimit
        connection.maximumBufferedControlFrames = Self.floodLimit
        connection.maximumSequentialContinuationFrames = 64
        // The peer may still send on as many streams that the gateway has reset.
        connection.maximumRecentlyResetStreams = 1024
        // Each is counted by rate too.
        connection.maximumConnectionGlitches = .max
        connection.controlFrameRateLimit.maximumCount = Self.floodLimit
        connection.controlFrameRateLimit.windowLength = .seconds(1)
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = Self.floodLimit
        stream.streamResetFrameRateLimit.windowLength = .seconds(1)
        stream.streamErrorRateLimit.maximumCount = Self.floodLimit
        stream.streamErrorRateLimit.windowLength = .seconds(1)
        return NIOHTTP2Handler(
            mode: .client,
            frameDelegate: self,
            connectionConfiguration: connection,
            streamConfiguration: stream
        )
    }
}

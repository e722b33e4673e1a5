package import NIOCore

/// Receives a copy of a request body as it goes to the upstream. It sees the bytes after all transforms, and cannot change
/// or delay them.
package protocol RequestTee: AnyObject {
    func write(_ chunk: ByteBuffer)
    /// Called when the whole body was sent.
    func end()
    /// Called when the request is sent again from the start.
    func restart()
}

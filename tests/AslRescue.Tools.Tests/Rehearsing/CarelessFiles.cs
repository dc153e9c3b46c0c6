using AslRescue.Shared.Interop;

namespace AslRescue.Tools.Tests.Rehearsing;

/// <summary>A program that does not do what it must: it says that bytes, or names, are durable, and has not asked the disk for that.</summary>
/// <param name="disk">The disk.</param>
/// <param name="forgetsBytes">Flushes of files are left out.</param>
/// <param name="forgetsNames">Flushes of folders are left out.</param>
internal sealed class CarelessFiles(FileCalls disk, bool forgetsBytes, bool forgetsNames) : FileCalls
{
    public override int Create(ReadOnlySpan<byte> path, OpenFlags flags, uint mode) => disk.Create(path, flags, mode);

    public override int Open(ReadOnlySpan<byte> path) => disk.Open(path);

    public override int Reserve(int file, long bytes) => disk.Reserve(file, bytes);

    public override int Write(int file, ReadOnlySpan<byte> content, long offset) => disk.Write(file, content, offset);

    public override int Flush(int file) => forgetsBytes ? 0 : disk.Flush(file);

    public override int Link(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => disk.Link(from, to);

    public override int Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => disk.Rename(from, to);

    public override int RenameNew(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => disk.RenameNew(from, to);

    public override int Unlink(ReadOnlySpan<byte> path) => disk.Unlink(path);

    public override int MakeFolder(ReadOnlySpan<byte> path) => disk.MakeFolder(path);

    public override int FlushFolder(ReadOnlySpan<byte> path) => forgetsNames ? 0 : disk.FlushFolder(path);
}

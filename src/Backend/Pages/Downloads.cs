using System.Globalization;
using System.Text;
using AslRescue.Shared.Errors;
using AslRescue.Store.Trees;
using Microsoft.AspNetCore.Http;

namespace AslRescue.Backend.Pages;

/// <summary>A file as it is, and a folder as an archive. Always to be saved, never to be shown: what is in a snapshot must not run in this origin.</summary>
internal static class Downloads
{
    private const string BadBytesHeader = "Asl-Bad-Bytes";
    private const int BufferBytes = 256 << 10;

    /// <summary>
    /// The bytes of a file or an image, with zeros for what could not be read: then the header Asl-Bad-Bytes says how many. What the store has lost breaks the answer off
    /// before its length is reached, so that it is no file.
    /// </summary>
    internal static async Task SendFileAsync(HttpContext context, Place place, OpenedSnapshot opened)
    {
        var entry = await Task.Run(() => opened.Find(place.Source, place.Path), context.RequestAborted);
        if (!entry.HasBytes)
        {
            throw OpenedSnapshot.Missing("it is no file");
        }

        if (await Task.Run(() => BadRanges.Bytes(opened.Tree, entry), context.RequestAborted) is var missing and > 0)
        {
            context.Response.Headers[BadBytesHeader] = missing.ToString(CultureInfo.InvariantCulture);
        }

        SetHead(context, NameOf(place, opened, entry), "", "application/octet-stream");
        context.Response.ContentLength = entry.Size;
        await new ContentSender(opened, context.Response.Body, context.RequestAborted).SendAsync(entry, missing: null);
    }

    /// <summary>A folder as <see cref="FolderTar"/> has it.</summary>
    internal static async Task SendFolderAsync(HttpContext context, Place place, OpenedSnapshot opened)
    {
        var entry = await Task.Run(() => opened.Find(place.Source, place.Path), context.RequestAborted);
        if (entry.Kind != EntryKind.Directory)
        {
            throw OpenedSnapshot.Missing("it is no folder");
        }

        var name = NameOf(place, opened, entry);
        SetHead(context, name, ".tar", "application/x-tar");
#pragma warning disable CA2007, CA2213 // The response's body is not this method's to close.
        var buffered = new BufferedStream(context.Response.Body, BufferBytes);
#pragma warning restore CA2007, CA2213
        await new FolderTar(opened, place, buffered, context.RequestAborted).WriteAsync(entry, name);
        await buffered.FlushAsync(context.RequestAborted);
    }

    private static byte[] NameOf(Place place, OpenedSnapshot opened, Entry entry) =>
        entry.Name.Length > 0 ? entry.Name : Words.LastName(opened.Snapshot.Sources[place.Source].Path, place.Source);

    /// <summary>The name twice, as RFC 6266 has it: in ASCII for old programs, and in UTF-8 (RFC 5987).</summary>
    private static void SetHead(HttpContext context, byte[] name, string suffix, string type)
    {
        var text = Printable.Bytes(name).Replace('\\', '_') + suffix;
        var plain = string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or ' ' ? letter : '_'));
        context.Response.ContentType = type;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{plain}\"; filename*=UTF-8''{PercentBytes.Encode(Encoding.UTF8.GetBytes(text), isSlashKept: false)}";
    }
}

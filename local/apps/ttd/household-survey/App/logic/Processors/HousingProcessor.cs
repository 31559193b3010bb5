#nullable enable
using System;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Processors;

/// <summary>Works out the floor area per room.</summary>
public class HousingProcessor : IDataProcessor
{
    public Task ProcessDataRead(Instance instance, Guid? dataId, object data, string? language) => Task.CompletedTask;

    public Task ProcessDataWrite(Instance instance, Guid? dataId, object data, object? previousData, string? language)
    {
        if (data is Housing form)
        {
            form.Derived ??= new HousingDerived();
            form.Derived.AreaPerRoom =
                form.Dwelling?.Area is int area && form.Rooms?.Count is int rooms and > 0
                    ? Math.Round((decimal)area / rooms, 1)
                    : null;
        }

        return Task.CompletedTask;
    }
}

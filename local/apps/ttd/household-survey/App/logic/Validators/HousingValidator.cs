#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Validators;

/// <summary>Warns about unlikely sizes; a move in the future is an error.</summary>
public class HousingValidator(TimeProvider time) : IFormDataValidator
{
    public string DataType => nameof(Housing);

    public bool HasRelevantChanges(object current, object previous)
    {
        Housing now = (Housing)current;
        Housing before = (Housing)previous;
        return now.Rooms?.Count != before.Rooms?.Count
            || now.Dwelling?.Area != before.Dwelling?.Area
            || now.Tenure?.MovedIn != before.Tenure?.MovedIn;
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        Housing form = (Housing)data;
        List<ValidationIssue> issues = [];

        if (form.Rooms?.Count > 20)
        {
            issues.Add(Issue.Warning("rooms.count", "validation.tooManyRooms"));
        }

        if (form.Dwelling?.Area is int area && form.Rooms?.Count is int rooms && rooms > 0 && area / rooms < 6)
        {
            issues.Add(Issue.Warning("dwelling.area", "validation.areaTooSmall"));
        }

        if (form.Tenure?.MovedIn > time.GetLocalNow().Year)
        {
            issues.Add(Issue.Error("tenure.movedIn", "validation.movedInFuture"));
        }

        return Task.FromResult(issues);
    }
}

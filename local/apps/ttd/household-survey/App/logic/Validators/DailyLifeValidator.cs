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

/// <summary>Travel time has an upper limit.</summary>
public class DailyLifeValidator : IFormDataValidator
{
    public string DataType => nameof(DailyLife);

    public bool HasRelevantChanges(object current, object previous)
    {
        DailyLife now = (DailyLife)current;
        DailyLife before = (DailyLife)previous;
        return now.Transport?.Minutes != before.Transport?.Minutes;
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        DailyLife form = (DailyLife)data;
        List<ValidationIssue> issues = [];

        if (form.Transport?.Minutes > 300)
        {
            issues.Add(Issue.Error("transport.minutes", "validation.minutesTooMany"));
        }

        return Task.FromResult(issues);
    }
}
